import assert from 'node:assert/strict'
import { createStorage, StorageError } from '@yuzuru/storage'
import { uploadFile } from '@yuzuru/storage/browser'
import { createFakeStorage } from '@yuzuru/storage/testing'

{
  await using storage = createFakeStorage()
  await storage.upload('計画.txt', 'こんにちは', {
    contentType: 'text/plain',
    filename: '計画.txt',
  })
  await using object = await storage.download('計画.txt')
  assert.equal(await object.text(), 'こんにちは')
  const { token, parts, headers } = await storage.presignUpload('動画.mp4', { bytes: 4 })
  const etag = await storage.put(parts[0].url, 'film', headers)
  assert.equal((await storage.completeUpload(token, [etag])).bytes, 4)
  const upload = { bytes: 2, partSizeBytes: 2, parts, headers }
  await assert.rejects(uploadFile(new Blob(['a']), upload), TypeError)
}
{
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
  // Nobody listens there.
  await using storage = createStorage({ bucket: 'b', endpoint: 'http://127.0.0.1:1', credentials })
  await assert.rejects(storage.head('a'), (error) => StorageError.isInstance(error))
  const { url } = await storage.presignGet('計画.txt', { expiresInSeconds: 60 })
  assert.match(url, /X-Amz-Signature=[0-9a-f]{64}/)
}
console.log('ok')
