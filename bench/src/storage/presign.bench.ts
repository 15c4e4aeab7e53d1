import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { createStorage, type Storage } from '@yuzuru/storage'
import type { Benchmark } from '../benchmark.ts'

const LINKS = 200
const COMPARED = 10_000

const bucket = 'plans'
const region = 'ap-northeast-1'
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG' }

/** Characters that signers get wrong. */
const ALPHABET = Array.from('aZ0-_.~ /+%()!*\'"&=?#:;@$,<>[]{}|\\^`\u00e9支援書（）８🌸')

function generatedKey(seed: number): string {
  let state = seed * 2_654_435_761 + 1
  let key = 'k'
  for (let length = 1 + (seed % 40); length > 0; length -= 1) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    key += ALPHABET[state % ALPHABET.length] ?? ''
  }
  // Segments of one or two dots are no keys to us.
  return key.replace(/(?<=\/)\.{1,2}(?=\/|$)/g, '...')
}

/** The SDK's client, saying no more in its URLs than ours do. */
function sdkClient(): S3Client {
  const client = new S3Client({
    region,
    credentials,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  client.middlewareStack.add(
    (next) => (args) => {
      delete (args.request as { query: Record<string, unknown> }).query['x-id']
      return next(args)
    },
    { step: 'build', name: 'withoutOperation' },
  )
  return client
}

async function sdkUrl(client: S3Client, key: string, signingDate?: Date): Promise<string> {
  const input = { Bucket: bucket, Key: key, ResponseContentDisposition: 'inline' }
  const options = { expiresIn: 3_600, ...(signingDate === undefined ? {} : { signingDate }) }
  return await getSignedUrl(client, new GetObjectCommand(input), options)
}

/** All that a URL says, in one order. */
function saidBy(url: string): string {
  const { origin, pathname, searchParams } = new URL(url)
  return `${origin}${pathname}?${[...searchParams].map(String).sort().join('&')}`
}

/** When a URL was signed: 20260401T123005Z. */
function signedAt(url: string): Date {
  const text = new URL(url).searchParams.get('X-Amz-Date') ?? ''
  return new Date(text.replace(/^(.{4})(..)(..T..)(..)/, '$1-$2-$3:$4:'))
}

async function expectSame(storage: Storage, client: S3Client): Promise<void> {
  for (let seed = 0; seed < COMPARED; seed += 1) {
    const key = generatedKey(seed)
    const { url } = await storage.presignGet(key)
    if (saidBy(url) === saidBy(await sdkUrl(client, key, signedAt(url)))) continue
    throw new Error(`The URL for ${JSON.stringify(key)} is not the SDK's`)
  }
}

async function lengthOf(urls: Iterable<Promise<string>>): Promise<boolean> {
  let total = 0
  for (const url of await Promise.all(urls)) total += url.length
  return total > LINKS * 200
}

const keys = Array.from({ length: LINKS }, (_, index) => `plans/2026/支援計画書 (${index}).pdf`)

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'a presigned URL',
  operation: 'URL',
  bars: [{ of: 'presignGet', against: 'SDK getSignedUrl', atLeast: 30 }],
  async cases(resources) {
    const storage = resources.use(createStorage({ bucket, region, credentials }))
    const client = resources.adopt(sdkClient(), async (it) => it.destroy())
    await expectSame(storage, client)
    const common = { operations: LINKS, expected: true }
    return [
      {
        ...common,
        name: 'presignGet',
        run: () => lengthOf(keys.map(async (key) => (await storage.presignGet(key)).url)),
      },
      {
        ...common,
        name: 'SDK getSignedUrl',
        run: () => lengthOf(keys.map((key) => sdkUrl(client, key))),
      },
    ]
  },
}
