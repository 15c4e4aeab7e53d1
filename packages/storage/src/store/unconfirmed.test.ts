import { createHash } from 'node:crypto'
import { type ScriptedReply, startScriptedServer } from '@yuzuru/http/testing'
import { describe, expect, test } from 'vitest'
import { createStorage } from '../create-storage.ts'
import type { Storage } from '../storage.ts'
import { PART, patterned } from '../../test/store.ts'

const etag = '"0123456789abcdef0123456789abcdef"'
const large = patterned(PART + 1)
const failed = '<?xml version="1.0"?><Error><Code>InternalError</Code><Message>no</Message></Error>'
const copied = '<CopyObjectResult></CopyObjectResult>'
const completed = '<CompleteMultipartUploadResult></CompleteMultipartUploadResult>'

/** Answers of status 200 that do not say what the store has. */
const ANSWERS: Readonly<Record<string, (xml: string) => ScriptedReply>> = {
  'without an ETag': (xml) => ({ body: xml }),
  'with an empty ETag': (xml) => ({ body: xml, headers: { etag: '""' } }),
  'with an error in it': () => ({ body: failed }),
  'with an ETag and an error in it': () => ({ body: failed, headers: { etag } }),
}

interface Step {
  readonly call: (storage: Storage) => Promise<unknown>
  readonly isIt: (method: string, path: string) => boolean
  readonly xml: string
  readonly outcome: 'none' | 'unknown'
}

const STEPS: Readonly<Record<string, Step>> = {
  'an upload of one request': {
    call: (storage) => storage.upload('key', 'text'),
    isIt: (method) => method === 'PUT',
    xml: '',
    outcome: 'unknown',
  },
  'a part': {
    call: (storage) => storage.upload('key', large),
    isIt: (method, path) => method === 'PUT' && path.includes('partNumber=2'),
    xml: '',
    // There is no object without its last step.
    outcome: 'none',
  },
  'the last step of an upload': {
    call: (storage) => storage.upload('key', large),
    isIt: (method, path) => method === 'POST' && path.includes('uploadId'),
    xml: completed,
    outcome: 'unknown',
  },
  'a copy': {
    call: (storage) => storage.copy('from', 'key'),
    isIt: (method) => method === 'PUT',
    xml: copied,
    outcome: 'unknown',
  },
}

async function withStore<T>(
  special: (method: string, path: string) => ScriptedReply | undefined,
  fn: (storage: Storage) => Promise<T>,
): Promise<T> {
  await using server = await startScriptedServer()
  server.otherwise(({ method, path }) => {
    const reply = special(method, path)
    if (reply !== undefined) return reply
    if (method === 'POST') {
      const body =
        '<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>'
      return { body }
    }
    if (method === 'PUT') return { headers: { etag } }
    if (method === 'HEAD' && path.endsWith('/from')) {
      return { headers: { etag, 'content-length': '4' } }
    }
    const gone = '<Error><Code>NoSuchUpload</Code></Error>'
    return { status: 404, body: method === 'HEAD' ? '' : gone }
  })
  const credentials = { accessKeyId: 'a', secretAccessKey: 's' }
  const config = { endpoint: server.url, bucket: 'b', credentials, partSizeBytes: PART }
  await using storage = createStorage({ ...config, attempts: 1 })
  return await fn(storage)
}

describe.each(Object.entries(ANSWERS))('an answer of status 200 %s', (_, answer) => {
  test.each(Object.entries(STEPS))('to %s is no success', async (_, step) => {
    const { isIt, xml, call, outcome } = step
    const special = (method: string, path: string): ScriptedReply | undefined =>
      isIt(method, path) ? answer(xml) : undefined
    await withStore(special, async (storage) => {
      await expect(call(storage)).rejects.toMatchObject({ name: 'StorageError', outcome })
    })
  })
})

test('an upload without an ETag in its answer is one when the object is there', async () => {
  const md5 = createHash('md5').update('text').digest('hex')
  const special = (method: string): ScriptedReply | undefined => {
    if (method === 'PUT') return {}
    const headers = { etag: `"${md5}"`, 'content-length': '4' }
    return method === 'HEAD' ? { headers } : undefined
  }
  await withStore(special, async (storage) => {
    const sent = await storage.upload('key', 'text', { checksum: 'MD5' })
    expect(sent.etag).toBe(md5)
  })
})
