import { startGoogle } from '@yuzuru/sandbox'
import { assert, asyncProperty } from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type GivenCalendar, openGivenCalendar } from '../test/given-calendar.ts'
import { type GivenGoogle, givenGoogle } from '../test/given-google.ts'
import { listen, secretCalls } from '../test/secret-calls.ts'
import { Copy, email, PERSON, play, stepsOf } from '../test/sync-model.ts'
import { NAMED, series, single, wholeDay } from '../test/zone-checks.ts'
import { connect, EVENTS_PATH } from './testing/calendar-fixture.ts'
import { ACCOUNTS } from './testing/exercise-accounts.ts'
import { exerciseCalendar } from './testing/exercise-calendar.ts'
import { CHANNELS } from './testing/exercise-channels.ts'

/** Of accounts, what takes neither a person nor a second account: the refresh, and callbacks that are not for Google. */
const ACCOUNTS_HERE = new Set([
  'refreshes once for twenty calls whose access token was refused',
  'repeats a call whose access token was refused once, and it happens once',
  'takes a state once',
  'takes a state for the reference that it was made for, and no other',
  'takes no state that it did not give',
  'fails with consent_refused when the person refuses',
  'says not_connected of an account that never was',
])

/** What takes a person, a second account, a domain that is verified, or more calendars than one of the account. */
const NOT_HERE = new Set([
  ...Object.keys(ACCOUNTS).filter((name) => !ACCOUNTS_HERE.has(name)),
  ...Object.keys(CHANNELS),
  'says that everything comes anew when the sync token is no longer valid',
  'gives a guest a copy, and the organizer the guest’s answer',
  'makes a calendar of its own, and moves an event there',
  'says when people are busy, and takes nobody for free of whom Google says nothing',
])

async function local(): Promise<GivenGoogle & AsyncDisposable> {
  const google = await startGoogle()
  const prefix = 'https://www.googleapis.com/auth/calendar'
  const scopes = ['openid', 'email', prefix, `${prefix}.events.owned`]
  const { refreshToken } = await google.issueTokens({ email: 'given@example.com', scopes })
  const { clientId, clientSecret, tokenUrl, calendarUrl: apiRoot } = google
  const close = { [Symbol.asyncDispose]: () => google.close() }
  return { clientId, clientSecret, refreshToken, tokenUrl, apiRoot, ...close }
}

/** The way to a real account is the same for the local Google, so it is tried where there is no account. */
describe('a given account', () => {
  const stack = new AsyncDisposableStack()
  let calendar: GivenCalendar
  beforeAll(async () => {
    calendar = stack.use(await openGivenCalendar(givenGoogle() ?? stack.use(await local())))
  })
  afterAll(() => stack.disposeAsync())
  const cases = exerciseCalendar((options) => calendar.fixture(options))
  for (const { name, run } of cases) if (!NOT_HERE.has(name)) test(name, run)

  test('equals the copy of it after the next sync, whatever we and a person did', async () => {
    await using fixture = await calendar.fixture({ retry: false })
    const { calendar: ours } = fixture
    await connect(fixture, 'us', email)
    await connect(fixture, PERSON, email)
    // Few, and not by the environment: a real account has its quotas.
    const runs = { numRuns: 3 }
    await assert(
      asyncProperty(stepsOf('alone', 8), async (steps) => {
        await play({ calendar: ours, copy: new Copy(), fixture }, steps)
      }),
      runs,
    )
  })

  test('keeps moments, days and zones, and a series over each change that a zone is known for', async () => {
    await using fixture = await calendar.fixture({})
    await connect(fixture, 'staff-1', email)
    for (const [timeZone, wall] of NAMED) {
      const at = Temporal.PlainDateTime.from(wall).toZonedDateTime(timeZone).epochMilliseconds
      await single(fixture.calendar, at, 3_600_000, timeZone)
      await series(fixture.calendar, at, 3_600_000, timeZone)
    }
    // The calendar of the tests is in Tokyo; on the last of these days there was none in Apia.
    for (const day of ['2026-03-29', '2026-04-01', '2011-12-30'] as const) {
      await wholeDay(fixture.calendar, day)
    }
  })

  test('shows no token, address or event text in an error, a trace or the task tree', async () => {
    await using fixture = await calendar.fixture({ retry: false })
    using said = listen()
    await connect(fixture, 'staff-1', email)
    // Another calendar would stay in the account.
    const { calendars: _, ...calls } = secretCalls(fixture.calendar)
    const all = async (): Promise<void> => {
      for (const call of Object.values(calls)) await call().catch(said.note)
    }
    await all()
    for (const fault of [
      { dropReply: { when: EVENTS_PATH, times: 100 } },
      { status: { code: 401, when: 'calendar', times: 100 } },
      { resetAfterBytes: { toClient: 30 } },
      { refuse: true },
    ]) {
      fixture.proxy.set(fault)
      await all()
    }
    expect(said.count).toBeGreaterThan(200)
    expect(said.secrets()).toEqual([])
  })
})

describe('the environment', () => {
  afterAll(() => void vi.unstubAllEnvs())

  test('names an account as a whole, or none', () => {
    vi.stubEnv('YUZURU_TEST_GOOGLE_REFRESH_TOKEN', undefined)
    expect(givenGoogle()).toBeUndefined()
    vi.stubEnv('YUZURU_TEST_GOOGLE_REFRESH_TOKEN', 'refresh')
    vi.stubEnv('YUZURU_TEST_GOOGLE_CLIENT_ID', 'id')
    vi.stubEnv('YUZURU_TEST_GOOGLE_CLIENT_SECRET', undefined)
    expect(() => givenGoogle()).toThrow(/^Expected YUZURU_TEST_GOOGLE_CLIENT_ID/)
    vi.stubEnv('YUZURU_TEST_GOOGLE_CLIENT_SECRET', 'secret')
    expect(givenGoogle()).toEqual({
      clientId: 'id',
      clientSecret: 'secret',
      refreshToken: 'refresh',
      tokenUrl: 'https://oauth2.googleapis.com/token',
      apiRoot: 'https://www.googleapis.com/',
    })
  })
})
