import { TestClock } from '@yuzuru/concurrency/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFakeHttp, type FakeHttp } from '../testing/fake-http.ts'
import type { ScriptedReply } from '../testing/scripted-peer.ts'

let clock: TestClock
let fake: FakeHttp
beforeEach(() => {
  clock = TestClock.install()
  fake = createFakeHttp({ hedge: { delayMs: 100 }, retry: { attempts: 1 }, connections: 2 })
})
afterEach(async () => {
  await fake.http.close({ drainMs: 0 })
  clock[Symbol.dispose]()
})

describe('a hedged GET', () => {
  test('is sent once when it is answered in time', async () => {
    fake.script.reply({ body: 'first' })
    expect(await (await fake.http.request('/')).text()).toBe('first')
    await clock.advance(1_000)
    expect(fake.script.requests).toHaveLength(1)
  })

  test('is sent again when it is late; the first success wins, the other is aborted', async () => {
    fake.script.reply('silence', { body: 'second' })
    const call = fake.http.request('/')
    await fake.script.received(1)
    await clock.advance(99)
    expect(fake.script.requests).toHaveLength(1)
    await clock.advance(1)
    expect(await (await call).text()).toBe('second')
    expect(await fake.script.requests[0]?.ended).toBe(false)
    expect(fake.http.stats().origins[0]?.running).toBe(0)
  })

  test('takes the late first answer when the second fails', async () => {
    const gate = Promise.withResolvers<void>()
    fake.script.reply({ after: gate.promise, body: 'first' }, 'reset')
    const call = fake.http.request('/')
    await clock.advance(100)
    await fake.script.received(2)
    gate.resolve()
    expect(await (await call).text()).toBe('first')
  })

  test('prefers a success to an error status', async () => {
    const gate = Promise.withResolvers<void>()
    fake.script.reply({ after: gate.promise, body: 'first' }, { status: 500 })
    const call = fake.http.request('/')
    await clock.advance(100)
    await fake.script.received(2)
    await clock.advance(0)
    gate.resolve()
    expect(await (await call).text()).toBe('first')
  })

  test('fails when both have failed', async () => {
    const gate = Promise.withResolvers<void>()
    const late = async (): Promise<ScriptedReply> => {
      await gate.promise
      return 'reset'
    }
    fake.script.reply(late, 'reset')
    const call = fake.http.request('/').catch((error: unknown) => error)
    await clock.advance(100)
    gate.resolve()
    expect(await call).toMatchObject({ code: 'connection_lost' })
  })

  test('is not sent again when no connection is free', async () => {
    fake.script.otherwise('silence')
    const calls = [1, 2].map(() =>
      fake.http.request('/', { timeoutMs: 500 }).catch((error: unknown) => error),
    )
    await fake.script.received(2)
    await clock.advance(100)
    expect(fake.script.requests).toHaveLength(2)
    await clock.advance(400)
    expect(await Promise.all(calls)).toMatchObject([{ code: 'timeout' }, { code: 'timeout' }])
  })

  test('is ended whole by its deadline', async () => {
    fake.script.otherwise('silence')
    const call = fake.http.request('/', { timeoutMs: 200 }).catch((error: unknown) => error)
    await fake.script.received(1)
    await clock.advance(200)
    expect(await call).toMatchObject({ name: 'TimeoutError' })
    expect(await Promise.all(fake.script.requests.map(({ ended }) => ended))).toEqual([
      false,
      false,
    ])
  })
})

test('what is not a GET or HEAD is never hedged', async () => {
  fake.script.otherwise('silence')
  const call = fake.http
    .request('/', { method: 'PUT', timeoutMs: 500 })
    .catch((error: unknown) => error)
  await fake.script.received(1)
  await clock.advance(500)
  expect(fake.script.requests).toHaveLength(1)
  await call
})
