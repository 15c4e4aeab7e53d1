import { cancelScope, taskGroup } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { startGoogleCalendar } from '../../test/google-calendar.ts'
import { collect, connect, EVENTS_PATH, failure, meeting } from '../testing/calendar-fixture.ts'
import { createFakeCalendar, type FakeCalendar } from '../testing/fake-calendar.ts'
import { type CalendarWatch, createCalendarWatch } from './calendar-watch.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const address = 'https://example.jp/google'
const secret = 'a secret of thirty-two characters, or more'

interface Watched {
  readonly calendar: FakeCalendar
  readonly watch: CalendarWatch
  readonly heard: string[]
  readonly problems: unknown[]
  /** How many channels were opened, and closed. */
  readonly channels: () => readonly [opened: number, closed: number]
}

/** A fake calendar whose changes are synced by what the watch says. */
async function watched(): Promise<Watched & AsyncDisposable> {
  const calendar = createFakeCalendar()
  await calendar.connectAs('staff-1', 'hana@example.com')
  const heard: string[] = []
  const problems: unknown[] = []
  let cursor: string | undefined
  const watch = createCalendarWatch({
    calendar,
    address,
    secret,
    onChange: async ({ reference, calendarId }, cause) => {
      const pages = await collect(calendar.sync(reference, { calendarId, cursor }))
      cursor = pages.at(-1)?.nextCursor
      heard.push(cause)
      return pages.some(({ changes }) => changes.length > 0)
    },
    onProblem: (_place, error) => void problems.push(error),
  })
  const channels = (): readonly [number, number] => [
    calendar.requestCount('POST', `${EVENTS_PATH}/watch`),
    calendar.requestCount('POST', '/calendar/v3/channels/stop'),
  ]
  const end = { [Symbol.asyncDispose]: () => calendar.close() }
  return { calendar, watch, heard, problems, channels, ...end }
}

const place = { reference: 'staff-1' }

describe('a watch', () => {
  test('looks when it begins, and when Google says so; it closes its channel when it ends', async () => {
    await using it = await watched()
    using clock = TestClock.install()
    await taskGroup(async (group) => {
      const kept = group.spawn(() => it.watch.keep(place))
      await clock.advance(1_000)
      expect([it.heard, it.channels()]).toEqual([['start'], [1, 0]])
      await it.calendar.events.create('staff-1', meeting(1))
      const [notification] = it.calendar.notifications()
      expect((await it.watch.fetch(notification as Request)).status).toBe(204)
      expect(it.heard).toEqual(['start', 'notification'])
      kept.cancel()
    })
    expect(it.channels()).toEqual([1, 1])
  })

  test('notices a notification that is missing, and takes its channel for lost', async () => {
    await using it = await watched()
    using clock = TestClock.install()
    await taskGroup(async (group) => {
      const kept = group.spawn(() => it.watch.keep(place))
      await clock.advance(16 * MINUTE)
      expect([it.heard, it.channels()]).toEqual([
        ['start', 'poll'],
        [1, 0],
      ])
      await it.calendar.events.create('staff-1', meeting(1))
      // It was sent, and never came.
      it.calendar.notifications()
      await clock.advance(15 * MINUTE)
      expect([it.heard, it.channels()]).toEqual([
        ['start', 'poll', 'poll'],
        [2, 1],
      ])
      kept.cancel()
    })
  })

  test('replaces a channel before it ends, and closes the old one after', async () => {
    await using it = await watched()
    using clock = TestClock.install()
    await taskGroup(async (group) => {
      const kept = group.spawn(() => it.watch.keep(place))
      await clock.advance(7 * 24 * HOUR - HOUR - MINUTE)
      expect(it.channels()).toEqual([1, 0])
      await clock.advance(2 * MINUTE)
      expect(it.channels()).toEqual([2, 1])
      kept.cancel()
    })
  })

  test('goes on looking while no channel can be opened, and tries again', async () => {
    await using it = await watched()
    const line = `POST ${EVENTS_PATH}/watch`
    it.calendar.fail(line, { status: 503 })
    using clock = TestClock.install()
    await taskGroup(async (group) => {
      const kept = group.spawn(() => it.watch.keep(place))
      await clock.advance(MINUTE)
      expect(it.heard).toEqual(['start'])
      expect(it.problems).toMatchObject([{ code: 'unavailable' }])
      await clock.advance(15 * MINUTE)
      expect([it.heard, it.channels()]).toEqual([
        ['start', 'poll'],
        [2, 0],
      ])
      kept.cancel()
    })
  })

  test('ends with the error of an account that is gone', async () => {
    await using it = await watched()
    it.calendar.revokeAccess('hana@example.com')
    expect(await failure(it.watch.keep(place))).toMatchObject({ code: 'reconnect_required' })
  })
})

describe('a notification', () => {
  async function notified(it: Watched): Promise<Request> {
    let request: Request | undefined
    await cancelScope(async (scope) => {
      const kept = it.watch.keep(place).catch(() => undefined)
      await expect.poll(() => it.heard).toEqual(['start'])
      await it.calendar.events.create('staff-1', meeting(1))
      request = it.calendar.notifications()[0]
      scope.cancel()
      await kept
    }).catch(() => undefined)
    it.heard.splice(0)
    return request as Request
  }

  test('that is forged is refused, and nobody is told', async () => {
    await using it = await watched()
    const real = await notified(it)
    const with_ = (headers: Record<string, string>, url = real.url): Promise<Response> =>
      it.watch.fetch(
        new Request(url, {
          method: 'POST',
          headers: { ...Object.fromEntries(real.headers), ...headers },
        }),
      )
    const other = new URL(real.url)
    const victim = Buffer.from(JSON.stringify(['victim', 'primary'])).toString('base64url')
    other.searchParams.set('place', victim)
    const forged = [
      with_({ 'x-goog-channel-token': '' }),
      with_({ 'x-goog-channel-token': 'x'.repeat(43) }),
      with_({ 'x-goog-channel-id': 'another' }),
      with_({}, other.href),
      with_({}, address),
      with_({}, `${address}?place=%7B`),
    ]
    for (const response of await Promise.all(forged)) expect(response.status).toBe(401)
    const get = await it.watch.fetch(new Request(real.url, { headers: real.headers }))
    expect(get.status).toBe(405)
    expect((await with_({ 'x-goog-resource-state': 'sync' })).status).toBe(204)
    expect(it.heard).toEqual([])
    expect((await with_({})).status).toBe(204)
    expect(it.heard).toEqual(['notification'])
  })

  test('whose look fails is answered so that Google sends it again', async () => {
    await using it = await watched()
    const real = await notified(it)
    it.calendar.fail(`GET ${EVENTS_PATH}`, { status: 400 })
    expect((await it.watch.fetch(real.clone())).status).toBe(500)
    expect(it.problems).toMatchObject([{ code: 'invalid_request' }])
    expect((await it.watch.fetch(real)).status).toBe(204)
  })

  test('that comes while another is looked at gets one more look, with all that came', async () => {
    await using it = await watched()
    const real = await notified(it)
    const gates: PromiseWithResolvers<void>[] = []
    const watch = createCalendarWatch({
      calendar: it.calendar,
      address,
      secret,
      onChange: async () => {
        const gate = Promise.withResolvers<void>()
        gates.push(gate)
        await gate.promise
        return true
      },
    })
    const answers = [1, 2, 3, 4].map(() => watch.fetch(real.clone()))
    expect(gates).toHaveLength(1)
    gates[0]?.resolve()
    await answers[0]
    await expect.poll(() => gates.length).toBe(2)
    gates[1]?.resolve()
    for (const { status } of await Promise.all(answers)) expect(status).toBe(204)
    expect(gates).toHaveLength(2)
  })
})

test('what a person changes at the local Google is heard over HTTP', async () => {
  await using google = await startGoogleCalendar()
  const { calendar } = google
  await connect(google, 'staff-1', 'hana@example.com')
  await connect(google, 'person', 'hana@example.com')
  const heard: string[] = []
  const changed = Promise.withResolvers<void>()
  const server = createServer((incoming, response) => {
    const url = `http://127.0.0.1${incoming.url}`
    const headers = incoming.headers as Record<string, string>
    void watch.fetch(new Request(url, { method: 'POST', headers })).then(({ status }) => {
      response.writeHead(status).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const started = Promise.withResolvers<void>()
  const watch = createCalendarWatch({
    calendar,
    address: `http://127.0.0.1:${port}/google`,
    secret,
    onChange: (_place, cause) => {
      heard.push(cause)
      if (cause === 'start') started.resolve()
      else changed.resolve()
      return Promise.resolve(true)
    },
  })
  await taskGroup(async (group) => {
    const kept = group.spawn(() => watch.keep(place))
    await started.promise
    await calendar.events.create('person', meeting(1))
    await changed.promise
    kept.cancel()
  })
  expect(heard).toEqual(['start', 'notification'])
  expect(google.requestCount('POST', '/calendar/v3/channels/stop')).toBe(1)
  server.closeAllConnections()
  server.close()
})
