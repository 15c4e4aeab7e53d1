import { startGoogle } from '@yuzuru/sandbox'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type GivenCalendar, openGivenCalendar } from '../test/given-calendar.ts'
import { type GivenGoogle, givenGoogle } from '../test/given-google.ts'
import { ACCOUNTS } from './testing/exercise-accounts.ts'
import { exerciseCalendar } from './testing/exercise-calendar.ts'
import { CHANNELS } from './testing/exercise-channels.ts'

/** What takes a person, a second account, a domain that is verified, or more calendars than one of the account. */
const NOT_HERE = new Set([
  ...Object.keys(ACCOUNTS),
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
