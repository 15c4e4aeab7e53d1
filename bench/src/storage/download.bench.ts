import { GetObjectCommand } from '@aws-sdk/client-s3'
import { crc32 } from 'node:zlib'
import { Pool } from 'undici'
import type { Benchmark } from '../benchmark.ts'
import { OBJECT_BYTES } from './object.ts'
import { bucket, startStore } from './store.ts'

async function lengthOf(body: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0
  for await (const chunk of body) length += chunk.byteLength
  return length
}

/** The least that whoever verifies must do: Node's own CRC-32 over each piece. */
async function lengthOfSummed(body: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0
  let sum = 0
  for await (const chunk of body) {
    sum = crc32(chunk, sum)
    length += chunk.byteLength
  }
  if (sum === 0) throw new Error('Expected bytes whose sum is not zero')
  return length
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'a download of 256 MiB, verified by its CRC32',
  operation: 'download',
  clock: 'wall',
  rounds: 5,
  bars: [
    { of: 'download', against: 'SDK GetObject', atLeast: 1.15 },
    { of: 'download', against: 'undici.request, unverified', atLeast: 0.95 },
  ],
  async cases(resources) {
    const { storage, client, origin } = await startStore(resources)
    const pool = resources.adopt(new Pool(origin), (it) => it.close())
    const common = { operations: 1, expected: OBJECT_BYTES }
    return [
      {
        ...common,
        name: 'download',
        run: async () => lengthOf((await storage.download('key', { verify: 'required' })).body),
      },
      {
        ...common,
        name: 'download, parallel: 4',
        run: async () => {
          const options = { verify: 'required', parallel: 4 } as const
          return await lengthOf((await storage.download('key', options)).body)
        },
      },
      {
        ...common,
        name: 'SDK GetObject',
        async run() {
          const input = { Bucket: bucket, Key: 'key', ChecksumMode: 'ENABLED' as const }
          const { Body } = await client.send(new GetObjectCommand(input))
          return await lengthOf(Body as AsyncIterable<Uint8Array>)
        },
      },
      {
        ...common,
        name: 'undici.request, unverified',
        async run() {
          const { body } = await pool.request({ method: 'GET', path: `/${bucket}/key` })
          return await lengthOf(body)
        },
      },
      {
        ...common,
        name: 'undici.request, each piece through zlib.crc32',
        async run() {
          const { body } = await pool.request({ method: 'GET', path: `/${bucket}/key` })
          return await lengthOfSummed(body)
        },
      },
    ]
  },
}
