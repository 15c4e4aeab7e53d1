import { expectFunction, expectOptions, expectText } from '@yuzuru/concurrency/boundary'
import {
  createFakeHttp,
  Script,
  type ScriptedAnswer,
  type ScriptedReply,
  type ScriptedRequest,
} from '@yuzuru/http/testing'
import type { calendar_v3 } from '@googleapis/calendar'
import type { Calendar } from '../calendar.ts'
import type { CalendarStore } from '../stores/calendar-store.ts'
import type { AccountListener } from '../accounts/account-change.ts'
import { createCalendar } from '../create-calendar.ts'
import { FakeGoogle } from './fake-google.ts'
import { memoryCalendarStore } from '../stores/memory-store.ts'
import { plainCipher } from './plain-cipher.ts'

/** What a callback's query holds after the person allowed. */
export interface ConsentGiven {
  readonly state: string
  readonly code: string
}

/** Options of {@link createFakeCalendar}. */
export interface FakeCalendarOptions {
  /** @default one in memory */
  readonly store?: CalendarStore | undefined
  /** As of {@link CalendarOptions}. */
  readonly onAccountChange?: AccountListener | undefined
  /** The wall clock, in milliseconds since 1970. @default Date.now */
  readonly now?: (() => number) | undefined
  /** `false`: the transport repeats nothing. @default as `createCalendar` */
  readonly retry?: false | undefined
}

/** A calendar that is all real but for Google, and the controls of its Google. */
export interface FakeCalendar extends Calendar {
  /** The person opens the URL and presses "allow". @param scopes @default all that was asked for */
  allow(url: string, email: string, scopes?: readonly string[]): ConsentGiven
  /** Connects an account without the dance. */
  connectAs(reference: string, email: string): Promise<void>
  /** All events of an account, or of another calendar by its id, deleted ones too, as Google has them. */
  eventsOf(email: string): readonly calendar_v3.Schema$Event[]
  /** Every access token is refused from now on. */
  expireAccessTokens(): void
  /** The person takes the consent back. */
  revokeAccess(email: string): void
  /** Every sync token of the account is refused from now on. */
  invalidateSyncTokens(email: string): void
  /** The notifications of changes that Google would send now, each once: hand them to a watch, or lose them. */
  notifications(): readonly Request[]
  /** How many requests of this method had this path. */
  requestCount(method: string, path: string): number
  /**
   * The next request with this in its line (`'POST /token'`) does not come to Google, but to `reply`.
   *
   * @throws {TypeError} unless `reply` is a {@link ScriptedReply}
   */
  fail(line: string, reply: ScriptedReply): void
  /**
   * The next request with this in its line has its effect, and `change` makes something else of the
   * answer: `() => 'reset'` loses it.
   *
   * @throws {TypeError} unless `change` is a function
   */
  intercept(line: string, change: (answer: ScriptedAnswer) => Changed | Promise<Changed>): void
}

/** What may come in place of an answer. */
type Changed = ScriptedAnswer | 'reset' | 'drop' | 'silence'

/**
 * Google Calendar in memory, for tests: consents, tokens, errors, deadlines and the native client are
 * those of `createCalendar`; only the network and Google are not there.
 *
 * @example
 * await using calendar = createFakeCalendar()
 * await calendar.connectAs('staff-1', 'hana@example.com')
 * await calendar.events.create('staff-1', { summary: '会議', start, end })
 */
export function createFakeCalendar(options: FakeCalendarOptions = {}): FakeCalendar {
  expectOptions(options, ['store', 'onAccountChange', 'now', 'retry'], 'createFakeCalendar')
  const {
    onAccountChange,
    now,
    retry,
    store = memoryCalendarStore({ cipher: plainCipher() }),
  } = options
  const google = new FakeGoogle()
  const fake = createFakeHttp(retry === undefined ? {} : { retry })
  const faults: { readonly line: string; readonly reply: ScriptedReply }[] = []
  const addFault = (line: string, reply: ScriptedReply): void => {
    expectText('line', line, 2_000)
    // A script of its own, for its check.
    new Script().reply(reply)
    faults.push({ line, reply })
  }
  fake.script.otherwise((request) => {
    const index = faults.findIndex(({ line }) => lineOf(request).includes(line))
    const [fault] = index < 0 ? [] : faults.splice(index, 1)
    return fault === undefined ? google.answer(request) : fault.reply
  })
  const calendar = createCalendar({
    clientId: 'fake',
    clientSecret: 'fake',
    redirectUri: 'http://127.0.0.1/callback',
    store,
    client: fake.http,
    endpoints: ENDPOINTS,
    onAccountChange,
    now,
  })
  const allow: FakeCalendar['allow'] = (text, email, scopes) => {
    const url = new URL(text)
    return {
      state: url.searchParams.get('state') ?? '',
      code: google.oauth.allow(url, email, scopes),
    }
  }
  const close: FakeCalendar['close'] = async (options) => {
    await calendar.close(options)
    await fake.http.close()
  }
  return {
    ...calendar,
    allow,
    async connectAs(reference, email) {
      const url = await calendar.authorizeUrl({ reference })
      await calendar.exchange({ reference, ...allow(url, email) })
    },
    eventsOf: (email) => google.eventsOf(email).all,
    expireAccessTokens: () => google.oauth.expireAccessTokens(),
    revokeAccess: (email) => google.oauth.revokeAccess(email),
    invalidateSyncTokens: (email) => google.invalidateSyncTokens(email),
    notifications: () => google.channels.notifications(),
    requestCount: (method, path) =>
      fake.script.requests.filter((request) => {
        return request.method === method && request.path.split('?')[0] === path
      }).length,
    fail: addFault,
    intercept(line, change) {
      expectFunction('change', change)
      addFault(line, async (request) => await change(await google.answer(request)))
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}

const ENDPOINTS = {
  authUrl: 'https://google.invalid/auth',
  tokenUrl: 'https://google.invalid/token',
  revokeUrl: 'https://google.invalid/revoke',
  apiRoot: 'https://google.invalid/',
}

function lineOf({ method, path }: ScriptedRequest): string {
  return `${method} ${path}`
}
