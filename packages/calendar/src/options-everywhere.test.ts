import { exerciseOptions } from '@yuzuru/concurrency/testing'
import { startScriptedServer, type ScriptedServer } from '@yuzuru/http/testing'
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { meeting } from './testing/calendar-fixture.ts'
import type { CalendarStore } from './stores/calendar-store.ts'
import * as index from './index.ts'
import * as kysely from './kysely.ts'
import * as testing from './testing.ts'

let server: ScriptedServer
let calendar: index.Calendar
const asked: PropertyKey[] = []
const cipher = testing.plainCipher()
/** Notes whatever a store would be asked for. */
const store = new Proxy<CalendarStore>(testing.memoryCalendarStore({ cipher }), {
  get(target, name) {
    const method: unknown = Reflect.get(target, name)
    if (typeof method !== 'function') return method
    return (...args: unknown[]): unknown => {
      asked.push(name)
      return method.apply(target, args)
    }
  },
})
const common = {
  clientId: 'client',
  clientSecret: 'secret',
  redirectUri: 'https://example.jp/callback',
  store,
}
const fake = testing.createFakeCalendar({ store })
beforeAll(async () => {
  server = await startScriptedServer()
  const { url } = server
  const endpoints = { authUrl: url, tokenUrl: url, revokeUrl: url, apiRoot: `${url}/` }
  calendar = index.createCalendar({ ...common, endpoints })
})
afterAll(async () => {
  // Nothing was sent, not even a connection was opened, and the store was not asked.
  expect(server.connected).toBe(0)
  expect(asked).toEqual([])
  await calendar.close()
  await fake.close()
  await server.close()
})

const me = 'staff-1'
const event = meeting(1)
const place = { id: 'event1' }

const channel = { address: 'https://example.jp/google', token: 'x' }
const opened = { id: 'a', resourceId: 'b', calendarId: 'primary', expiresAt: new Date() }
const watch = index.createCalendarWatch({
  calendar: fake,
  address: channel.address,
  secret: 'x'.repeat(32),
  onChange: () => Promise.resolve(false),
})

const cases = exerciseOptions({
  takers: {
    createCalendar: (options) => index.createCalendar(options),
    'createCalendar.endpoints': (endpoints) => index.createCalendar({ ...common, endpoints }),
    'createCalendar.retry': (retry) => index.createCalendar({ ...common, retry }),
    'createCalendar.timeouts': (timeouts) => index.createCalendar({ ...common, timeouts }),
    createFakeCalendar: (options) => testing.createFakeCalendar(options),
    memoryCalendarStore: (options) => testing.memoryCalendarStore(options),
    kyselyCalendarStore: (options) => kysely.kyselyCalendarStore(db, options),
    'calendar.authorizeUrl': (options) => calendar.authorizeUrl({ reference: me }, options),
    'calendar.authorizeUrl, its request': (options) => calendar.authorizeUrl(options),
    'calendar.exchange': (options) =>
      calendar.exchange({ reference: me, state: 'x', code: 'y' }, options),
    'calendar.account': (options) => calendar.account(me, options),
    'calendar.revoke': (options) => calendar.revoke(me, options),
    'calendar.events.create': (options) => calendar.events.create(me, event, options),
    'calendar.events.create, its event': (given) => calendar.events.create(me, given),
    'calendar.events.create, its attendees': (one) =>
      calendar.events.create(me, { ...event, attendees: [one] }),
    'calendar.events.create, its reminders': (one) =>
      calendar.events.create(me, { ...event, reminders: [one] }),
    'calendar.events.get': (options) => calendar.events.get(me, place, options),
    'calendar.events.get, its event': (given) => calendar.events.get(me, given),
    'calendar.events.update': (options) => calendar.events.update(me, place, options),
    'calendar.events.update, its event': (given) => calendar.events.update(me, given),
    'calendar.events.delete': (options) => calendar.events.delete(me, place, options),
    'calendar.events.delete, its event': (given) => calendar.events.delete(me, given),
    'calendar.events.list': (options) => calendar.events.list(me, {}, options),
    'calendar.events.list, its query': (query) => calendar.events.list(me, query),
    'calendar.events.update, its attendees': (attendees) =>
      calendar.events.update(me, { ...place, attendees }),
    'calendar.events.move': (options) => calendar.events.move(me, { ...place, to: 'b' }, options),
    'calendar.events.move, its event': (given) => calendar.events.move(me, given),
    'calendar.events.instances': (options) => calendar.events.instances(me, place, options),
    'calendar.events.instances, its query': (query) => calendar.events.instances(me, query),
    'calendar.events.respond': (options) =>
      calendar.events.respond(me, { ...place, response: 'accepted' }, options),
    'calendar.events.respond, its answer': (given) => calendar.events.respond(me, given),
    'calendar.calendars.list': (options) => calendar.calendars.list(me, {}, options),
    'calendar.calendars.list, its query': (query) => calendar.calendars.list(me, query),
    'calendar.calendars.create': (options) =>
      calendar.calendars.create(me, { summary: '題' }, options),
    'calendar.calendars.create, its calendar': (given) => calendar.calendars.create(me, given),
    'calendar.freeBusy': (options) =>
      calendar.freeBusy(me, { from: event.start, to: event.end }, options),
    'calendar.freeBusy, its query': (query) => calendar.freeBusy(me, query),
    'calendar.watch': (options) => calendar.watch(me, channel, options),
    'calendar.watch, its channel': (given) => calendar.watch(me, given),
    'calendar.unwatch': (options) => calendar.unwatch(me, opened, options),
    'calendar.unwatch, its channel': (given) => calendar.unwatch(me, given),
    createCalendarWatch: (options) => index.createCalendarWatch(options),
    'watch.keep': (place) => watch.keep(place),
    'calendar.sync': (options) => calendar.sync(me, {}, options),
    'calendar.sync, its query': (query) => calendar.sync(me, query),
    'fake.fail': (reply) => fake.fail('GET /', reply),
    'calendar.close': (options) => calendar.close(options),
    'fake.close': (options) => fake.close(options),
  },
  others: `CalendarError isPlainDate calendarMigrations exerciseCalendar exerciseCalendarStore plainCipher
    calendar.client calendar.events calendar.calendars fake.allow fake.connectAs fake.eventsOf fake.expireAccessTokens fake.revokeAccess
    fake.invalidateSyncTokens fake.requestCount fake.intercept fake.notifications watch.fetch`,
  faces: {
    '': [index, kysely, testing],
    calendar: () => calendar,
    'calendar.events': () => calendar.events,
    watch,
    'calendar.calendars': () => calendar.calendars,
    // It has those of a calendar, and some of its own.
    fake: () => Object.fromEntries(Object.entries(fake).filter(([name]) => !(name in calendar))),
  },
})

describe('a misspelt option is refused by', () => {
  for (const { name, run } of cases) test(name, run)

  test('events.create, which names the nearest', async () => {
    await expect(calendar.events.create(me, { ...event, sumary: 'x' } as never)).rejects.toThrow(
      'Expected a known option of calendar.events.create, got "sumary"; did you mean "summary"?',
    )
  })
})

test('what is no option is left alone: the rest of a callback, and of an event that was read', async () => {
  await using calendar = testing.createFakeCalendar()
  const url = await calendar.authorizeUrl({ reference: me })
  const query = { ...calendar.allow(url, 'hana@example.jp'), iss: 'https://accounts.google.com' }
  await calendar.exchange({ reference: me, ...query })
  const made = await calendar.events.create(me, event)
  expect((await calendar.events.get(me, made.event)).id).toBe(made.event.id)
  expect(await calendar.events.delete(me, made.event)).toEqual({ deleted: true })
})

const db = new Kysely<object>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (of) => new PostgresIntrospector(of),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})
