import type { calendar_v3 } from '@googleapis/calendar'
import type { IoOptions } from '@yuzuru/concurrency'
import { expectObject, expectOptions, expectText, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import type { AccountApi } from '../accounts/account-api.ts'
import { CalendarError } from '../calendar-error.ts'
import { expectReference } from '../reference.ts'
import type { Operations } from '../wire/operations.ts'
import { expectRange, timeOf } from './pages.ts'

/** The range and the calendars that {@link Calendar.freeBusy} looks at. */
export interface FreeBusyQuery {
  readonly from: Date
  readonly to: Date
  /** Ids of calendars, of colleagues too: 1 to 50. @default ['primary'] */
  readonly calendarIds?: readonly string[] | undefined
}

/** A time that is taken. */
export interface BusyTime {
  readonly start: Date
  readonly end: Date
}

/** The times that are taken in one calendar. */
export interface CalendarBusy {
  readonly calendarId: string
  /**
   * In order; times that overlap or touch are one. `undefined`: Google doesn't say, and `reason` is why. Such
   * a calendar is not free.
   */
  readonly busy: readonly BusyTime[] | undefined
  /** Google's word, such as `'notFound'`. */
  readonly reason: string | undefined
}

const FREE_BUSY_QUERY = Object.keys({
  from: true,
  to: true,
  calendarIds: true,
} satisfies Record<keyof FreeBusyQuery, true>)

/** https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query */
const MOST = 50

/** When people have time. */
export class FreeBusy {
  readonly #api: AccountApi
  readonly #operations: Operations

  constructor(api: AccountApi, operations: Operations) {
    this.#api = api
    this.#operations = operations
  }

  async of(
    reference: string,
    query: FreeBusyQuery,
    options?: IoOptions,
  ): Promise<readonly CalendarBusy[]> {
    expectReference(reference)
    expectObject('query', query)
    expectOptions(query, FREE_BUSY_QUERY, 'calendar.freeBusy')
    expectOptions(options, IO_OPTIONS, 'calendar.freeBusy')
    const { from, to, calendarIds = ['primary'] } = query
    if (from === undefined || to === undefined) {
      throw new TypeError('Expected from and to, got only one of them, or none')
    }
    expectRange(from, to)
    expectCalendars(calendarIds)
    const ids = [...new Set(calendarIds)]
    const json: calendar_v3.Schema$FreeBusyRequest = {
      timeMin: timeOf('from', from) ?? null,
      timeMax: timeOf('to', to) ?? null,
      items: ids.map((id) => ({ id })),
    }
    const call = { operation: 'freeBusy', effect: 'read', reference } as const
    return await this.#operations.perform(call, options, async () => {
      const request = { method: 'POST', url: '/calendar/v3/freeBusy', json }
      // It changes nothing, and may be repeated like any read.
      const { calendars } = await this.#api.json<calendar_v3.Schema$FreeBusyResponse>(call, {
        ...request,
        idempotencyKey: 'freeBusy',
      })
      return ids.map((id) => busyOf(call, id, new Map(Object.entries(calendars ?? {})).get(id)))
    })
  }
}

function busyOf(
  { operation, reference }: { readonly operation: string; readonly reference: string },
  calendarId: string,
  { busy, errors }: calendar_v3.Schema$FreeBusyCalendar = {},
): CalendarBusy {
  const [failed] = errors ?? []
  if (failed !== undefined || busy === undefined) {
    return { calendarId, busy: undefined, reason: failed?.reason ?? undefined }
  }
  const times = busy.map(({ start, end }) => ({
    start: new Date(start ?? Number.NaN),
    end: new Date(end ?? Number.NaN),
  }))
  // A time that can't be read would be taken for a free one.
  const isWhole = times.every(({ start, end }) => end.getTime() >= start.getTime())
  if (isWhole) return { calendarId, busy: times, reason: undefined }
  const message = `calendar.${operation} failed: Google's answer holds a time that is none`
  const init = { operation, reference, code: 'unexpected', outcome: 'none' } as const
  throw new CalendarError(message, init)
}

function expectCalendars(ids: readonly string[]): void {
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > MOST) {
    throw new TypeError(`Expected calendarIds to be a list of 1 to ${MOST}`)
  }
  for (const id of ids) expectText('each of calendarIds', id, 1_024)
}
