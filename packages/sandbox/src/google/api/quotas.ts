import { expectInteger, expectOptions } from '@yuzuru/concurrency/boundary'
import { CalendarFailure } from './failure.ts'

/**
 * Limits that are counted. What is left out has none. Google's own are at
 * https://developers.google.com/workspace/calendar/api/guides/quota
 */
export interface GoogleQuotas {
  /** Requests of one account within a minute, from 1 up: the next is 403 `userRateLimitExceeded`. */
  readonly perUserPerMinute?: number | undefined
  /** Requests of all accounts within a minute, from 1 up: the next is 403 `rateLimitExceeded`. */
  readonly perMinute?: number | undefined
  /** The status of both in the place of 403. With 429 the reason is `rateLimitExceeded`. @default 403 */
  readonly status?: 403 | 429 | undefined
  /** Events that one account makes within a day, from 1 up: the next is 403 `quotaExceeded`. */
  readonly newEventsPerDay?: number | undefined
  /** Calendars that one account makes within a day, from 1 up: the next is 403 `quotaExceeded`. */
  readonly newCalendarsPerDay?: number | undefined
}

const QUOTAS = Object.keys({
  perUserPerMinute: true,
  perMinute: true,
  status: true,
  newEventsPerDay: true,
  newCalendarsPerDay: true,
} satisfies Record<keyof GoogleQuotas, true>)

const MINUTE = 60_000
const DAY = 86_400_000

/** What of a method's use is limited by the day. */
const USES: Readonly<Record<string, 'newEventsPerDay' | 'newCalendarsPerDay'>> = {
  'calendars.insert': 'newCalendarsPerDay',
  'events.insert': 'newEventsPerDay',
}

/** Counts requests, over the last minute and the last day as they slide. */
export class Quotas {
  readonly #limits: GoogleQuotas
  readonly #now: () => number
  /** By what is counted: when each of them was. */
  readonly #times = new Map<string, number[]>()

  /** @throws {TypeError} for a limit that is none */
  constructor(limits: GoogleQuotas, now: () => number) {
    expectOptions(limits, QUOTAS, 'startGoogle.quotas')
    for (const name of ['perUserPerMinute', 'perMinute', 'newEventsPerDay', 'newCalendarsPerDay']) {
      const limit = limits[name as keyof GoogleQuotas]
      if (limit !== undefined) expectInteger(`quotas.${name}`, limit, 1)
    }
    const { status = 403 } = limits
    if (status !== 403 && status !== 429)
      throw new TypeError('Expected quotas.status to be 403 or 429')
    this.#limits = limits
    this.#now = now
  }

  /** Counts one request. @throws CalendarFailure when it is one too many; such a one is not counted */
  take(email: string, method: string): void {
    const { perUserPerMinute, perMinute, status = 403 } = this.#limits
    const [all, user] = [this.#recent('', MINUTE), this.#recent(email, MINUTE)]
    if (perMinute !== undefined && all.length >= perMinute) {
      throw new CalendarFailure(status, 'rateLimitExceeded', 'Rate Limit Exceeded')
    }
    if (perUserPerMinute !== undefined && user.length >= perUserPerMinute) {
      if (status === 429) throw new CalendarFailure(429, 'rateLimitExceeded', 'Rate Limit Exceeded')
      throw new CalendarFailure(403, 'userRateLimitExceeded', 'User Rate Limit Exceeded')
    }
    const use = USES[method]
    const most = use === undefined ? undefined : this.#limits[use]
    if (most !== undefined && this.#recent(`${method} ${email}`, DAY).length >= most) {
      throw new CalendarFailure(403, 'quotaExceeded', 'Calendar usage limits exceeded.')
    }
    all.push(this.#now())
    user.push(this.#now())
  }

  /** Counts what a request has made. */
  made(email: string, method: string): void {
    if (USES[method] !== undefined) this.#recent(`${method} ${email}`, DAY).push(this.#now())
  }

  #recent(key: string, spanMs: number): number[] {
    const since = this.#now() - spanMs
    const recent = (this.#times.get(key) ?? []).filter((at) => at > since)
    this.#times.set(key, recent)
    return recent
  }
}
