import { setImmediate } from 'node:timers/promises'
import { TestClock } from '@yuzuru/concurrency/testing'
import { type ScriptedReply, startScriptedServer } from '@yuzuru/http/testing'
import { describe, expect, test } from 'vitest'
import { createStorage } from '../create-storage.ts'
import type { Storage } from '../storage.ts'
import { PART, patterned } from '../../test/store.ts'

const refused = (code: string, status = 400): ScriptedReply => ({
  status,
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>slow</Message></Error>`,
})

const etag = '"0123456789abcdef0123456789abcdef"'

const CALLS: Readonly<
  Record<string, readonly [call: (storage: Storage) => Promise<unknown>, good: ScriptedReply]>
> = {
  'an upload': [(storage) => storage.upload('key', 'text'), { headers: { etag } }],
  'a conditional upload': [
    (storage) => storage.upload('key', 'text', { ifNoneMatch: '*' }),
    { headers: { etag } },
  ],
  'a list': [
    (storage) => Array.fromAsync(storage.list()),
    { body: '<ListBucketResult></ListBucketResult>' },
  ],
  'a deletion of many': [(storage) => storage.deleteMany(['a']), { body: '<DeleteResult/>' }],
}

async function settled<T>(clock: TestClock, promise: Promise<T>): Promise<T> {
  const state = { over: false }
  const watched = promise.finally(() => (state.over = true))
  watched.catch(() => undefined)
  while (!state.over) {
    await setImmediate()
    await clock.advance(20)
  }
  return await watched
}

describe.each(Object.entries(CALLS))('%s', (_, [call, good]) => {
  test.each([
    ['RequestTimeout', 400],
    ['SlowDown', 400],
    ['ThrottlingException', 400],
    ['RequestLimitExceeded', 403],
    ['OperationAborted', 409],
  ])('is repeated where the store says %s under %i', async (code, status) => {
    await using server = await startScriptedServer()
    server.reply(refused(code, status), refused(code, status), good)
    const credentials = { accessKeyId: 'a', secretAccessKey: 's' }
    await using storage = createStorage({ endpoint: server.url, bucket: 'b', credentials })
    using clock = TestClock.install()
    await settled(clock, call(storage))
    expect(server.requests).toHaveLength(3)
  })

  test('is not where it says that it will not do it', async () => {
    await using server = await startScriptedServer()
    server.otherwise(refused('InvalidRequest'))
    const credentials = { accessKeyId: 'a', secretAccessKey: 's' }
    await using storage = createStorage({ endpoint: server.url, bucket: 'b', credentials })
    await expect(call(storage)).rejects.toMatchObject({ code: 'invalid_request', outcome: 'none' })
    expect(server.requests).toHaveLength(1)
  })
})

const WRITES: Readonly<Record<string, (storage: Storage) => Promise<unknown>>> = {
  'an upload': (storage) => storage.upload('key', 'text'),
  'an upload of a stream': (storage) =>
    storage.upload(
      'key',
      (async function* () {
        yield Buffer.from('text')
      })(),
    ),
  'a deletion': (storage) => storage.delete('key'),
  'a deletion of many': (storage) => storage.deleteMany(['key']),
}

describe.each(Object.entries(WRITES))(
  '%s of which an attempt may have had its effect is unknown',
  (_, call) => {
    const lost = refused('InternalError', 500)
    test.each([
      ['refused for its key', [lost, refused('AccessDenied', 403)]],
      ['refused for its bucket', [lost, refused('NoSuchBucket', 404)]],
      ['refused for what it is', [lost, refused('InvalidRequest')]],
      [
        'refused twice, once for a reason that passes',
        [lost, refused('SlowDown', 400), refused('AccessDenied', 403)],
      ],
    ])('also where a later one is %s', async (_why, replies) => {
      await using server = await startScriptedServer()
      server.reply(...replies)
      const credentials = { accessKeyId: 'a', secretAccessKey: 's' }
      await using storage = createStorage({ endpoint: server.url, bucket: 'b', credentials })
      using clock = TestClock.install()
      const failed = settled(clock, call(storage))
      await expect(failed).rejects.toMatchObject({ outcome: 'unknown' })
      // An upload looks whether its object is there.
      const writes = server.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD')
      expect(writes).toHaveLength(replies.length)
    })

    test.each([429, 503])('and none where each was turned away: %i', async (status) => {
      await using server = await startScriptedServer()
      server.reply(refused('SlowDown', status), refused('AccessDenied', 403))
      const credentials = { accessKeyId: 'a', secretAccessKey: 's' }
      await using storage = createStorage({ endpoint: server.url, bucket: 'b', credentials })
      using clock = TestClock.install()
      const error = await settled(clock, call(storage)).catch((error: unknown) => error)
      expect(error).toMatchObject({ code: 'forbidden', outcome: 'none' })
    })
  },
)

test('a part whose bytes came too slowly is sent again, as often as was allowed', async () => {
  await using server = await startScriptedServer()
  const created =
    '<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>'
  let parts = 0
  server.otherwise(({ method, path }) => {
    if (method === 'POST' && path.includes('uploads')) return { body: created }
    if (method === 'PUT' && path.includes('partNumber=1')) return { headers: { etag } }
    if (method === 'PUT') {
      parts += 1
      return refused('RequestTimeout')
    }
    return refused('NoSuchUpload', 404)
  })
  const credentials = { accessKeyId: 'a', secretAccessKey: 's' }
  const config = { endpoint: server.url, bucket: 'b', credentials, partSizeBytes: PART }
  await using storage = createStorage({ ...config, attempts: 4 })
  using clock = TestClock.install()
  const sending = settled(clock, storage.upload('key', patterned(PART + 1)))
  await expect(sending).rejects.toMatchObject({
    code: 'stalled',
    outcome: 'none',
    retryable: true,
    status: 400,
  })
  expect(parts).toBe(4)
})
