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

const cases = exerciseOptions({
  takers: {
    createCalendar: (options) => index.createCalendar(options),
    'createCalendar.endpoints': (endpoints) => index.createCalendar({ ...common, endpoints }),
    'createCalendar.retry': (retry) => index.createCalendar({ ...common, retry }),
    'createCalendar.timeouts': (timeouts) => index.createCalendar({ ...common, timeouts }),
    createFakeCalendar: (options) => testing.createFakeCalendar(options),
    memoryCalendarStore: (options) => testing.memoryCalendarStore(options),
    kyselyCalendarStore: (options) => kysely.kyselyCalendarStore(db, options),
    'calendar.authorizationUrl': (options) => calendar.authorizationUrl({ reference: me }, options),
    'calendar.authorizationUrl, its request': (options) => calendar.authorizationUrl(options),
    'calendar.connect': (options) =>
      calendar.connect({ reference: me, state: 'x', code: 'y' }, options),
    'calendar.account': (options) => calendar.account(me, options),
    'calendar.disconnect': (options) => calendar.disconnect(me, options),
    'calendar.createEvent': (options) => calendar.createEvent(me, event, options),
    'calendar.createEvent, its event': (given) => calendar.createEvent(me, given),
    'calendar.createEvent, its attendees': (one) =>
      calendar.createEvent(me, { ...event, attendees: [one] }),
    'calendar.createEvent, its reminders': (one) =>
      calendar.createEvent(me, { ...event, reminders: [one] }),
    'calendar.getEvent': (options) => calendar.getEvent(me, place, options),
    'calendar.getEvent, its event': (given) => calendar.getEvent(me, given),
    'calendar.updateEvent': (options) => calendar.updateEvent(me, place, options),
    'calendar.updateEvent, its event': (given) => calendar.updateEvent(me, given),
    'calendar.deleteEvent': (options) => calendar.deleteEvent(me, place, options),
    'calendar.deleteEvent, its event': (given) => calendar.deleteEvent(me, given),
    'calendar.listEvents': (options) => calendar.listEvents(me, {}, options),
    'calendar.listEvents, its query': (query) => calendar.listEvents(me, query),
    'calendar.syncEvents': (options) => calendar.syncEvents(me, {}, options),
    'calendar.syncEvents, its query': (query) => calendar.syncEvents(me, query),
    'fake.fail': (reply) => fake.fail('GET /', reply),
    'calendar.close': (options) => calendar.close(options),
    'fake.close': (options) => fake.close(options),
  },
  others: `CalendarError calendarMigrations exerciseCalendar exerciseCalendarStore plainCipher
    calendar.client fake.allow fake.connectAs fake.events fake.expireAccessTokens fake.revokeAccess
    fake.invalidateSyncTokens fake.requestCount fake.intercept`,
  faces: {
    '': [index, kysely, testing],
    calendar: () => calendar,
    // It has those of a calendar, and some of its own.
    fake: () => Object.fromEntries(Object.entries(fake).filter(([name]) => !(name in calendar))),
  },
})

describe('a misspelt option is refused by', () => {
  for (const { name, run } of cases) test(name, run)

  test('createEvent, which names the nearest', async () => {
    await expect(calendar.createEvent(me, { ...event, sumary: 'x' } as never)).rejects.toThrow(
      'Expected a known option of calendar.createEvent, got "sumary"; did you mean "summary"?',
    )
  })
})

test('what is no option is left alone: the rest of a callback, and of an event that was read', async () => {
  await using calendar = testing.createFakeCalendar()
  const url = await calendar.authorizationUrl({ reference: me })
  const query = { ...calendar.allow(url, 'hana@example.jp'), iss: 'https://accounts.google.com' }
  await calendar.connect({ reference: me, ...query })
  const made = await calendar.createEvent(me, event)
  expect((await calendar.getEvent(me, made.event)).id).toBe(made.event.id)
  expect(await calendar.deleteEvent(me, made.event)).toEqual({ deleted: true })
})

const db = new Kysely<object>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (of) => new PostgresIntrospector(of),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})
