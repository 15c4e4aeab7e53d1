import { Readable } from 'node:stream'
import { retry } from '@yuzuru/concurrency/resilience'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { generate } from '../testing/exercise-sources.ts'
import { startTestStore, type TestStore } from '../../test/store.ts'
import type { UploadBody } from './upload-body.ts'

let store: TestStore
beforeAll(async () => {
  store = await startTestStore()
})
afterEach(() => store.proxy.clear())
afterAll(() => store[Symbol.asyncDispose]())

const ONCE: Readonly<Record<string, () => UploadBody>> = {
  'a Node stream': () => Readable.from([Buffer.from('new')]),
  'a Web stream': () => new Blob(['new']).stream() as ReadableStream<Uint8Array>,
  'a generator': () => generate(['new']),
}
const AGAIN: Readonly<Record<string, () => UploadBody>> = {
  'a string': () => 'new',
  'an iterable': () => ({ [Symbol.asyncIterator]: () => generate(['new']) }),
}

describe('an upload that failed', () => {
  test.each(Object.entries(ONCE))('from %s is not worth the same call again', async (_, make) => {
    await using storage = await store.faulty({ attempts: 1 })
    await storage.upload('key', 'good')
    store.proxy.set({ status: { code: 503, when: 'PUT', times: 1, retryAfterSeconds: 0 } })
    const body = make()
    let calls = 0
    const call = (): Promise<unknown> => {
      calls += 1
      return storage.upload('key', body)
    }
    await expect(retry(call, { idempotent: true })).rejects.toMatchObject({
      code: 'unavailable',
      retryable: false,
      // It may be a gateway's answer, which had passed the request on.
      outcome: 'unknown',
      message: expect.stringContaining('give a new source'),
    })
    expect(calls).toBe(1)
    expect(await (await storage.download('key')).text()).toBe('good')
    await expect(storage.upload('key', body)).rejects.toBeInstanceOf(TypeError)
    expect(await (await storage.download('key')).text()).toBe('good')
  })

  test.each(Object.entries(AGAIN))('from %s is', async (_, make) => {
    await using storage = await store.faulty({ attempts: 1 })
    store.proxy.set({ status: { code: 503, when: 'PUT', times: 1, retryAfterSeconds: 0 } })
    const body = make()
    await retry(() => storage.upload('key', body), { idempotent: true })
    expect(await (await storage.download('key')).text()).toBe('new')
  })
})

test('a stream that has failed before fails with its own error', async () => {
  await using storage = await store.faulty()
  const cause = new Error('the sender hung up')
  const source = new Readable({ read() {} })
  source.on('error', () => undefined)
  source.destroy(cause)
  await expect(storage.upload('key', source)).rejects.toMatchObject({
    code: 'source_failed',
    cause,
  })
})
