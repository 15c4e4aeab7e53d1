import type { calendar_v3 } from '@googleapis/calendar'
import type { IoOptions } from '@yuzuru/concurrency'
import {
  expected,
  expectObject,
  expectOptions,
  expectText,
  IO_OPTIONS,
} from '@yuzuru/concurrency/boundary'
import type { AccountApi } from '../accounts/account-api.ts'
import { expectTimeZone } from '../events/event-time.ts'
import { expectPageSize, type Pages } from '../events/pages.ts'
import { expectReference } from '../reference.ts'
import { isResource } from '../wire/answer-shape.ts'
import type { Operations } from '../wire/operations.ts'

/** A calendar that an account has in view. */
export interface CalendarEntry {
  readonly id: string
  /** As the account calls it, where it gave the calendar another name. */
  readonly summary: string
  readonly description: string | undefined
  readonly timeZone: string | undefined
  /** The account's own calendar, whose id is its address. */
  readonly primary: boolean
  /** What the account may do there: `undefined` where Google does not say, as of one that was just created. */
  readonly role: 'freeBusyReader' | 'reader' | 'writer' | 'owner' | undefined
  /** All that Google said. */
  readonly native: calendar_v3.Schema$CalendarListEntry | calendar_v3.Schema$Calendar
}

/** A calendar that is to be created. */
export interface NewCalendar {
  readonly summary: string
  readonly description?: string | undefined
  /** An IANA zone. @default the account's */
  readonly timeZone?: string | undefined
}

/** Which calendars {@link Calendars.list} lists. */
export interface CalendarsQuery {
  /** Those that the account has hidden as well. @default false */
  readonly hidden?: boolean | undefined
  /** How many are fetched at once: 1 to 250. @default 250 */
  readonly pageSize?: number | undefined
}

/** The calendars of an account. */
export interface Calendars {
  /**
   * Iterates over the calendars that an account has in view, fetching a page when it is needed. The least
   * scope: `calendar.calendarlist.readonly`.
   *
   * @throws {CalendarError} from the loop, when a page can't be read
   * @example
   * for await (const { id, summary, primary } of calendar.calendars.list('staff-3')) {
   *   console.log(id, summary, primary)
   * }
   */
  list(reference: string, query?: CalendarsQuery, options?: IoOptions): AsyncIterable<CalendarEntry>
  /**
   * Makes a calendar besides the account's own. The least scope: `calendar.app.created`, which then reaches
   * this calendar and nothing else of the account.
   *
   * Google takes no id for it: a call whose `outcome` is `unknown` may have made one, so look at the list
   * before you repeat it.
   *
   * @throws {CalendarError} `forbidden`, `rate_limited` …
   * @example
   * const { id } = await calendar.calendars.create(officeId, { summary: '支援会議' })
   * await calendar.events.create(officeId, { calendarId: id, summary: '定例', start, end })
   */
  create(reference: string, calendar: NewCalendar, options?: IoOptions): Promise<CalendarEntry>
}

const NEW_CALENDAR = Object.keys({
  summary: true,
  description: true,
  timeZone: true,
} satisfies Record<keyof NewCalendar, true>)

const CALENDARS_QUERY = Object.keys({
  hidden: true,
  pageSize: true,
} satisfies Record<keyof CalendarsQuery, true>)

/** The calls on calendars. */
export class CalendarCalls {
  readonly #api: AccountApi
  readonly #operations: Operations
  readonly #pages: Pages

  constructor(api: AccountApi, operations: Operations, pages: Pages) {
    this.#api = api
    this.#operations = operations
    this.#pages = pages
  }

  /** Throws at the call, not only when the loop begins. */
  list(
    reference: string,
    query: CalendarsQuery = {},
    options?: IoOptions,
  ): AsyncIterable<CalendarEntry> {
    expectReference(reference)
    expectObject('query', query)
    expectOptions(query, CALENDARS_QUERY, 'calendar.calendars.list')
    expectOptions(options, IO_OPTIONS, 'calendar.calendars.list')
    const { hidden = false, pageSize } = query
    const asked = {
      maxResults: expectPageSize(pageSize, 250),
      ...(hidden ? { showHidden: true } : {}),
    }
    return this.#list(reference, asked, options)
  }

  async create(
    reference: string,
    calendar: NewCalendar,
    options?: IoOptions,
  ): Promise<CalendarEntry> {
    expectReference(reference)
    expectObject('calendar', calendar)
    expectOptions(calendar, NEW_CALENDAR, 'calendar.calendars.create')
    expectOptions(options, IO_OPTIONS, 'calendar.calendars.create')
    const { summary, description, timeZone } = calendar
    expectText('summary', summary, 1_000)
    if (description !== undefined && typeof description !== 'string') {
      throw expected('description to be a string', description)
    }
    if (timeZone !== undefined) expectTimeZone(timeZone)
    const json = { summary, description, timeZone }
    const call = { operation: 'calendars.create', effect: 'write', reference } as const
    return await this.#operations.perform(call, options, async () => {
      const request = { method: 'POST', url: '/calendar/v3/calendars', json }
      return calendarEntry(
        await this.#api.json<calendar_v3.Schema$Calendar>(call, request, isResource),
      )
    })
  }

  async *#list(
    reference: string,
    asked: Readonly<Record<string, number | boolean>>,
    options: IoOptions | undefined,
  ): AsyncGenerator<CalendarEntry, void, undefined> {
    const call = { operation: 'calendars.list', effect: 'read', reference } as const
    const url = '/calendar/v3/users/me/calendarList'
    const pages = this.#pages.of<calendar_v3.Schema$CalendarList>(call, url, asked, options)
    for await (const { items = [] } of pages) yield* items.map((each) => calendarEntry(each))
  }
}

const ROLES = ['freeBusyReader', 'reader', 'writer', 'owner'] as const

function calendarEntry(
  native: calendar_v3.Schema$CalendarListEntry & calendar_v3.Schema$Calendar,
): CalendarEntry {
  return {
    id: native.id ?? '',
    summary: native.summaryOverride ?? native.summary ?? '',
    description: native.description ?? undefined,
    timeZone: native.timeZone ?? undefined,
    primary: native.primary ?? false,
    role: ROLES.find((role) => role === native.accessRole),
    native,
  }
}
