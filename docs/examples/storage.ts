/** An upload, a verified download, an address for a browser, and a failure by its code. */
import { withTimeout } from '@yuzuru/concurrency'
import { startSandbox } from '@yuzuru/sandbox'
import { createStorage, StorageError } from '@yuzuru/storage'

await using sandbox = await startSandbox({ services: ['s3'], s3: { buckets: ['plans'] } })
const { endpoint, region, accessKeyId, secretAccessKey } = sandbox.s3
await using storage = createStorage({
  bucket: 'plans',
  endpoint,
  region,
  credentials: { accessKeyId, secretAccessKey },
})

const { bytes } = await withTimeout(30_000, () =>
  storage.upload('plans/7.txt', '支援計画', { contentType: 'text/plain', filename: '計画.txt' }),
)
console.log(`${bytes} bytes`)

await using plan = await storage.download('plans/7.txt')
console.log(await plan.text())

const { url } = await storage.presignGet('plans/7.txt', { expiresInSeconds: 60 })
console.log(await (await fetch(url)).text())

try {
  await storage.head('plans/8.txt')
} catch (error) {
  if (!StorageError.isInstance(error)) throw error
  console.log(error.code, error.outcome)
}

// Prints:
//   12 bytes
//   支援計画
//   支援計画
//   not_found none
