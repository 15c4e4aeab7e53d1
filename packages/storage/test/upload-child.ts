/**
 * A process that is killed in the middle of an upload: sends two parts, tells so, and then waits for a
 * third that never comes. Its arguments: the endpoint, the bucket, and a file of two parts.
 */
import { createReadStream } from 'node:fs'
import { createStorage } from '../src/create-storage.ts'
import { PART } from './store.ts'

const [endpoint = '', bucket = '', path = ''] = process.argv.slice(2)
const credentials = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox-secret-key' }
const storage = createStorage({ endpoint, bucket, credentials, partSizeBytes: PART })

async function* unfinished(): AsyncGenerator<Uint8Array, void, undefined> {
  yield* createReadStream(path) as AsyncIterable<Uint8Array>
  // Keeps the process alive as well.
  await new Promise((resolve) => setTimeout(resolve, 600_000))
}

await storage.upload('key', unfinished(), {
  contentType: 'text/plain',
  onResumeToken: (token) => void process.stdout.write(`${token}\n`),
  onProgress: ({ sentBytes }) => void process.stdout.write(`${sentBytes}\n`),
})
