import { cancelScope, taskGroup } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { inspect } from 'node:util'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { startGoogleCalendar } from '../../test/google-calendar.ts'
import { collect, connect, EVENTS_PATH, failure, meeting } from '../testing/calendar-fixture.ts'
import { createFakeCalendar, type FakeCalendar } from '../testing/fake-calendar.ts'
import {
  type CalendarWatch,
  type CalendarWatchOptions,
  createCalendarWatch,
} from './calendar-watch.ts'
import { ChannelTokens } from './channel-token.ts'

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
  /** Resolves after the first look. */
  readonly started: Promise<void>
}

/** A fake calendar whose changes are synced by what the watch says. */
async function watched(
  options: Partial<CalendarWatchOptions> = {},
): Promise<Watched & AsyncDisposable> {
  const calendar = createFakeCalendar()
  await calendar.connectAs('staff-1', 'hana@example.com')
  const heard: string[] = []
  const problems: unknown[] = []
  const started = Promise.withResolvers<void>()
  let cursor: string | undefined
  const watch = createCalendarWatch({
    calendar,
    address,
    secret,
    onChange: async ({ reference, calendarId }, cause) => {
      const pages = await collect(calendar.sync(reference, { calendarId, cursor }))
      cursor = pages.at(-1)?.nextCursor
      heard.push(cause)
      started.resolve()
      return pages.some(({ changes }) => changes.length > 0)
    },
    onProblem: (_place, error) => void problems.push(error),
    ...options,
  })
  const channels = (): readonly [number, number] => [
    calendar.requestCount('POST', `${EVENTS_PATH}/watch`),
    calendar.requestCount('POST', '/calendar/v3/channels/stop'),
  ]
  const end = { [Symbol.asyncDispose]: () => calendar.close() }
  return { calendar, watch, heard, problems, channels, started: started.promise, ...end }
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

  test('ends when it is cancelled though a look hangs, and the look goes on', async () => {
    const gate = Promise.withResolvers<void>()
    const looking = Promise.withResolvers<void>()
    let isThrough = false
    await using it = await watched({
      onChange: async () => {
        looking.resolve()
        await gate.promise
        isThrough = true
        return true
      },
    })
    await taskGroup(async (group) => {
      const kept = group.spawn(() => it.watch.keep(place))
      await looking.promise
      kept.cancel()
    })
    expect([isThrough, it.channels()]).toEqual([false, [1, 1]])
    const next = it.watch.keep(place).catch((error: unknown) => error)
    it.calendar.revokeAccess('hana@example.com')
    gate.resolve()
    expect(await next).toMatchObject({ code: 'reconnect_required' })
    expect(isThrough).toBe(true)
  })

  test('does not open channels again and again by a clock that is ahead of Google’s', async () => {
    await using it = await watched()
    const line = `POST ${EVENTS_PATH}/watch`
    for (let time = 0; time < 100; time += 1) {
      it.calendar.intercept(line, ({ json, ...answer }) => ({
        ...answer,
        json: { ...(json as object), expiration: '1000' },
      }))
    }
    using clock = TestClock.install()
    await taskGroup(async (group) => {
      const kept = group.spawn(() => it.watch.keep(place))
      await clock.advance(14 * MINUTE)
      expect(it.channels()).toEqual([1, 0])
      kept.cancel()
    })
  })

  test('looks at many calendars that began together at different moments', async () => {
    const looks: number[] = []
    using clock = TestClock.install()
    await using it = await watched({
      onChange: async () => {
        looks.push(clock.now())
        return false
      },
    })
    await taskGroup(async (group) => {
      const calendarIds = Array.from({ length: 20 }, () => 'primary')
      const kept = calendarIds.map(() => group.spawn(() => it.watch.keep(place)))
      await clock.advance(1_000)
      looks.splice(0)
      await clock.advance(15 * MINUTE)
      expect(new Set(looks).size).toBeGreaterThan(10)
      for (const each of kept) each.cancel()
    })
  })

  test('is not ended by an onProblem that throws: that becomes a warning', async () => {
    await using it = await watched({
      onProblem: () => {
        throw new RangeError('personal')
      },
    })
    it.calendar.fail(`POST ${EVENTS_PATH}/watch`, { status: 503 })
    const warned = once(process, 'warning')
    await taskGroup(async (group) => {
      const kept = group.spawn(() => it.watch.keep(place))
      await it.started
      const [warning] = (await warned) as [Error]
      expect(String(warning)).toBe('CalendarWatchWarning: onProblem failed (RangeError)')
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
      await it.started
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
    const victim = { reference: 'victim', calendarId: 'primary' }
    const other = new ChannelTokens(secret).addressOf(address, victim)
    const cut = new URL(real.url)
    const sealed = cut.searchParams.get('place') ?? ''
    cut.searchParams.set('place', `${sealed.startsWith('A') ? 'B' : 'A'}${sealed.slice(1)}`)
    const open = Buffer.from(JSON.stringify(['victim', 'primary'])).toString('base64url')
    const forged = [
      with_({ 'x-goog-channel-token': '' }),
      with_({ 'x-goog-channel-token': 'x'.repeat(43) }),
      with_({ 'x-goog-channel-id': 'another' }),
      with_({}, other),
      with_({}, cut.href),
      with_({}, `${address}?place=${open}`),
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
    const second = Promise.withResolvers<void>()
    const watch = createCalendarWatch({
      calendar: it.calendar,
      address,
      secret,
      onChange: async () => {
        const gate = Promise.withResolvers<void>()
        gates.push(gate)
        if (gates.length === 2) second.resolve()
        await gate.promise
        return true
      },
    })
    const answers = [1, 2, 3, 4].map(() => watch.fetch(real.clone()))
    expect(gates).toHaveLength(1)
    gates[0]?.resolve()
    await answers[0]
    await second.promise
    gates[1]?.resolve()
    for (const { status } of await Promise.all(answers)) expect(status).toBe(204)
    expect(gates).toHaveLength(2)
  })
})

test('what is sent to open a channel is in no error, and its address names nobody', async () => {
  await using it = await watched()
  const given = { reference: 'staff-1', calendarId: 'hana@example.com' }
  const tokens = new ChannelTokens(secret)
  const opened = tokens.addressOf(address, given)
  const token = tokens.tokenOf('channel-1', given)
  for (const name of [...Object.values(given), token]) {
    expect(Buffer.from(new URL(opened).searchParams.get('place') ?? '', 'base64url')).not.toContain(
      name,
    )
    expect(opened).not.toContain(name)
  }
  expect(tokens.addressOf(address, given)).not.toBe(opened)
  it.calendar.fail(`POST ${EVENTS_PATH}/watch`, {
    status: 400,
    json: { error: { code: 400, message: `${opened} ${token}`, errors: [{ reason: 'invalid' }] } },
  })
  const error = await failure(
    it.calendar.watch('staff-1', { id: 'channel-1', address: opened, token }),
  )
  const shown = `${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)}`
  expect(shown).not.toContain(token)
  expect(shown).not.toContain(opened)
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
