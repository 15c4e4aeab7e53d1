import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect } from 'node:net'
import { shield, sleep } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ask } from '../../test/ask.ts'
import { afterResponse } from '../request/current-request.ts'
import { serve } from './serve.ts'
import type { ServeOptions } from './serve-options.ts'

const never = (): Promise<never> => new Promise(() => {})

/** Handlers that do not end by themselves; each is called once. */
const STUBBORN: Readonly<Record<string, () => unknown>> = {
  'a handler that waits': () => sleep(Infinity),
  'a handler that ignores its cancel': never,
  'a handler that shields': () => shield(() => sleep(Infinity)),
  'a handler that swallows its cancel': () => sleep(Infinity).catch(never),
  'work after the answer that waits': () => afterResponse(() => sleep(Infinity)),
  'work after the answer that ignores its cancel': () => afterResponse(never),
  'work after the answer that shields': () => afterResponse(() => shield(() => sleep(Infinity))),
  'work after the answer, several times': () => {
    for (let count = 0; count < 5; count += 1) afterResponse(never)
  },
  'work after the answer of a handler that ignores its cancel': () => {
    afterResponse(never)
    return never()
  },
}

interface Leftover {
  readonly name: string
  readonly state: string
}

/** How long a server that has one request under way takes to close, on the clock, and what it reports. */
async function closed(handler: () => unknown, options: ServeOptions = {}) {
  const leftovers: Leftover[] = []
  const note = (leftover: unknown): void => void leftovers.push(leftover as Leftover)
  subscribe('yuzuru:leftover', note)
  const clock = TestClock.install()
  onTestFinished(() => {
    clock[Symbol.dispose]()
    unsubscribe('yuzuru:leftover', note)
  })
  const begun = Promise.withResolvers<void>()
  const app = async (): Promise<Response> => {
    setImmediate(begun.resolve)
    await handler()
    return new Response('ok')
  }
  await using server = await serve(app, { lingerMs: 0, ...options })
  const answer = ask(server.url, { path: '/plans' }).then(
    ({ status }) => status,
    () => 'cut',
  )
  await begun.promise
  const state = { isClosed: false }
  const from = clock.now()
  const closing = server.close().then(() => (state.isClosed = true))
  while (!state.isClosed && clock.now() - from < 60_000) await clock.advance(250)
  const ms = clock.now() - from
  expect(state.isClosed).toBe(true)
  await closing
  return { ms, active: server.active, status: await answer, leftovers }
}

describe('the end of a server', () => {
  test.each(Object.entries(STUBBORN))(
    'has one deadline, whatever goes on: %s',
    async (_what, handler) => {
      const { ms, active } = await closed(handler, {
        drainDelayMs: 2_000,
        drainMs: 3_000,
        graceMs: 500,
      })
      // And a second for the last answers.
      expect(ms).toBeLessThanOrEqual(2_000 + 3_000 + 500 + 1_000)
      expect(active).toBe(0)
    },
  )

  test.each(Object.entries(STUBBORN))(
    'fits by default into what run allows: %s',
    async (_what, handler) => {
      expect((await closed(handler)).ms).toBeLessThan(10_000)
    },
  )

  test.each([
    ['GET /plans', STUBBORN['a handler that ignores its cancel'] as () => unknown],
    [
      'after GET /plans',
      STUBBORN['work after the answer that ignores its cancel'] as () => unknown,
    ],
  ])('names what it leaves behind: %s', async (name, handler) => {
    const { leftovers } = await closed(handler)
    expect(leftovers).toMatchObject([{ name, state: 'abandoned' }])
  })
})

/** Clients that keep their connection, with what they send. */
const HOLDING: Readonly<Record<string, string>> = {
  nothing: '',
  'half a head': 'GET / HTTP/1.1\r\nHo',
  'half a body': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n012',
  'what is refused': 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
  'what is no request': 'nonsense\r\n\r\n',
  'an expectation that is not met': 'GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n',
}

test.each(Object.entries(HOLDING))(
  'a client that holds its connection does not hold up the end: %s',
  async (_what, bytes) => {
    // No limit of its own ends it.
    using _clock = TestClock.install()
    const server = await serve(async () => new Response('x'), { lingerMs: 0, drainMs: 0 })
    const seen = once(server.client, 'connection')
    const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {}).write(bytes)
    await seen
    // What it is answered with, if it is.
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate)
    const gone = once(socket.resume(), 'close')
    await server.close()
    socket.end()
    await gone
  },
)
