import { TestClock } from '@yuzuru/concurrency/testing'
import { createHttp } from '@yuzuru/http'
import { type ScriptedServer, startScriptedServer } from '@yuzuru/http/testing'
import { describe, expect, test } from 'vitest'
import { failure, meeting } from './testing/calendar-fixture.ts'
import type { CalendarOptions } from './calendar-options.ts'
import { createCalendar } from './create-calendar.ts'
import { memoryCalendarStore } from './stores/memory-store.ts'
import { plainCipher } from './testing/plain-cipher.ts'

/** Options for a calendar whose account is connected, on a server that a test plays. */
async function connectedTo(server: ScriptedServer): Promise<CalendarOptions> {
  const store = memoryCalendarStore({ cipher: plainCipher() })
  const refreshAt = Date.now() + 3_600_000
  await store.put('staff-1', { accessToken: 'a', refreshToken: 'r', refreshAt, scopes: [] })
  const client = { clientId: 'id', clientSecret: 'secret', redirectUri: 'http://127.0.0.1/' }
  return { ...client, store, endpoints: { apiRoot: server.url } }
}

test('a call that finds no connection is acquire_timeout, and overloaded when others wait', async () => {
  await using server = await startScriptedServer()
  server.otherwise('silence')
  const limits = { connections: 1, queue: 1, acquireTimeoutMs: 1_000 }
  const calendar = createCalendar({ ...(await connectedTo(server)), ...limits } as CalendarOptions)
  const event = { id: 'event1' }
  using clock = TestClock.install()
  const first = failure(calendar.events.get('staff-1', event))
  await server.received(1)
  const second = failure(calendar.events.get('staff-1', event))
  const third = failure(calendar.events.get('staff-1', event))
  const none = { outcome: 'none', retryable: true }
  expect(await third).toMatchObject({ code: 'overloaded', ...none })
  await clock.advance(1_000)
  expect(await second).toMatchObject({ code: 'acquire_timeout', ...none })
  await calendar.close({ drainMs: 0 })
  expect(await first).toMatchObject({ code: 'closed' })
})

describe('close', () => {
  test('lets a call under way end, and refuses the next', async () => {
    await using server = await startScriptedServer()
    const answer = Promise.withResolvers<void>()
    server.otherwise(async () => {
      await answer.promise
      return { json: { id: 'event1' } }
    })
    const calendar = createCalendar(await connectedTo(server))
    const call = calendar.events.get('staff-1', { id: 'event1' })
    await server.received(1)
    const closed = calendar.close()
    const late = await failure(calendar.events.get('staff-1', { id: 'event2' }))
    expect(late).toMatchObject({ code: 'closed', outcome: 'none', operation: 'events.get' })
    answer.resolve()
    await expect(call).resolves.toMatchObject({ id: 'event1' })
    await closed
    expect(server.requests).toHaveLength(1)
  })

  const kinds = ['our own', 'passed in'] as const
  test.each(kinds)('cuts off after drainMs what does not end: client %s', async (kind) => {
    await using server = await startScriptedServer()
    await using client = createHttp({ retry: false })
    server.otherwise('silence')
    const transport = kind === 'our own' ? { retry: false } : { client }
    const options = { ...(await connectedTo(server)), ...transport } as CalendarOptions
    const calendar = createCalendar(options)
    using clock = TestClock.install()
    const read = failure(calendar.events.get('staff-1', { id: 'event1' }))
    const write = failure(calendar.events.create('staff-1', meeting(1)))
    await server.received(2)
    const closed = calendar.close({ drainMs: 1_000 })
    await clock.advance(1_000)
    expect(await read).toMatchObject({ code: 'closed', outcome: 'none', retryable: false })
    expect(await write).toMatchObject({ code: 'closed', outcome: 'unknown', retryable: false })
    await closed
    await server.disconnected()
  })

  test('leaves the cancel of a caller what it is', async () => {
    await using server = await startScriptedServer()
    server.otherwise('silence')
    const calendar = createCalendar({
      ...(await connectedTo(server)),
      retry: false,
    } as CalendarOptions)
    const controller = new AbortController()
    const { signal } = controller
    const call = calendar.events
      .get('staff-1', { id: 'event1' }, { signal })
      .catch((error) => error)
    await server.received(1)
    controller.abort()
    expect(await call).toMatchObject({ name: 'Cancelled', source: 'signal', outcome: 'none' })
    await calendar.close()
  })

  test('takes a time to drain, 0 too, and nothing else', async () => {
    await using server = await startScriptedServer()
    const calendar = createCalendar(await connectedTo(server))
    await expect(calendar.close({ drainMs: -1 })).rejects.toThrow(TypeError)
    await calendar.close({ drainMs: 0 })
  })
})
