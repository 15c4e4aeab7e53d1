import { exerciseOptions } from '@yuzuru/concurrency/testing'
import { startScriptedServer, type ScriptedServer } from '@yuzuru/http/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as browser from './browser.ts'
import * as index from './index.ts'
import * as testing from './testing.ts'

/** An option with a slip of the pen, which JavaScript would pass over. */
type Misspelt = never

let server: ScriptedServer
let storage: index.Storage
const bucket = 'plans'
const credentials = { accessKeyId: 'a', secretAccessKey: 'b'.repeat(16) }
const fake = testing.createFakeStorage()
let download: index.Download
const browserUpload = { bytes: 1, partSizeBytes: 1, parts: [], headers: {} }
beforeAll(async () => {
  server = await startScriptedServer()
  storage = index.createStorage({ bucket, endpoint: server.url, credentials })
  await fake.upload('a', 'x')
  download = await fake.download('a')
})
afterAll(async () => {
  // Nothing was sent, not even a connection was opened.
  expect(server.connected).toBe(0)
  expect(fake.keys).toEqual(['a'])
  await storage.close()
  await server.close()
})

/** Each public function or method that takes options, and each option that has some of its own. */
const takers: Readonly<Record<string, (options: Misspelt) => unknown>> = {
  createStorage: (options) => index.createStorage(options),
  'createStorage.timeouts': (timeouts) => index.createStorage({ bucket, timeouts }),
  createFakeStorage: (options) => testing.createFakeStorage(options),
  'storage.upload': (options) => storage.upload('a', 'x', options),
  'storage.download': (options) => storage.download('a', options),
  'storage.download.range': (range) => storage.download('a', { range }),
  'storage.head': (options) => storage.head('a', options),
  'storage.exists': (options) => storage.exists('a', options),
  'storage.list': (options) => storage.list(options),
  'storage.listFolder': (options) => storage.listFolder(options),
  'storage.copy': (options) => storage.copy('a', 'b', options),
  'storage.copy.attributes': (attributes) => storage.copy('a', 'b', { attributes }),
  'storage.move': (options) => storage.move('a', 'b', options),
  'storage.delete': (options) => storage.delete('a', options),
  'storage.deleteMany': (options) => storage.deleteMany(['a'], options),
  'storage.deletePrefix': (options) => storage.deletePrefix('a/', options),
  'storage.presignGet': (options) => storage.presignGet('a', options),
  'storage.presignPut': (options) => storage.presignPut('a', options),
  'storage.presignPost': (options) => storage.presignPost('a', options),
  'storage.presignUpload': (options) => storage.presignUpload('a', options),
  'storage.presignParts': (options) => storage.presignParts('t', options),
  'storage.completeUpload': (options) => storage.completeUpload('t', [], options),
  'storage.abortUpload': (options) => storage.abortUpload('t', options),
  'storage.sweepUploads': (options) => storage.sweepUploads(options),
  'storage.health': (options) => storage.health(options),
  'storage.close': (options) => storage.close(options),
  'download.bytes': (options) => download.bytes(options),
  'download.text': (options) => download.text(options),
  'download.saveTo': (options) => download.saveTo('/nowhere/x', options),
  uploadFile: (options) => browser.uploadFile(new Blob(['x']), browserUpload, options),
  'fake.upload': (options) => fake.upload('a', 'y', options),
}

/** Those that take none; `fake` has the verbs of `storage`, and some of its own. */
const others = `StorageError UploadFileError contentDisposition exerciseStorage storage.boundary storage.bucket storage.client storage.keys
  storage.openUploads storage.bytesOf storage.put download.stream download.info download.body
  download.bytesExpected download.readable`

const cases = exerciseOptions({
  takers,
  others,
  faces: {
    '': [index, testing, browser],
    storage: [() => storage, fake],
    download: () => download,
  },
})

describe('a misspelt option is refused by', () => {
  // Not `test.each`, which cuts long names off.
  for (const { name, run } of cases) test(name, run)

  test('upload, which names the nearest', async () => {
    await expect(storage.upload('a', 'x', { contenttype: 'a/b' } as never)).rejects.toThrow(
      'Expected a known option of storage.upload, got "contenttype"; did you mean "contentType"?',
    )
  })
})
