import type { CalendarEvent } from './events/calendar-event.ts'
import { hasMark, IoError, mark, type Outcome } from '@yuzuru/concurrency'

/**
 * Why a calendar call failed.
 *
 * About the account:
 * - `'not_connected'`: there are no tokens for this reference; send the person to `authorizeUrl`.
 * - `'reconnect_required'`: Google takes the tokens (or the code) no more; the person must
 *   consent again.
 * - `'invalid_state'`: the `state` of the callback is missing, unknown, too old, used, or of another reference, or what
 *   came is no callback of Google at all.
 * - `'consent_refused'`: the person did not consent, or only to some of what was asked for.
 *
 * Google's answer:
 * - `'forbidden'`: the account may not do this in that calendar.
 * - `'not_found'`: no such calendar or event, or it was deleted.
 * - `'conflict'`: the event was changed since its `etag` was read, or at the same time; `current` is as it stands now.
 * - `'already_exists'`: the id was used by an event that was deleted; it stays taken.
 * - `'idempotency_conflict'`: the event of the key or id was created with other content; this call made nothing,
 *   and `current` is that event.
 * - `'full_sync_required'`: the sync token is no longer valid, or `updatedSince` too long ago; start again without.
 * - `'rate_limited'`: too many requests (429, or 403 with a limit as its reason).
 * - `'invalid_request'`: Google does not understand it.
 * - `'unavailable'`: Google failed (5xx).
 *
 * On the way:
 * - `'overloaded'`: the queue for a connection is full.
 * - `'acquire_timeout'`: no connection came free in time.
 * - `'connection_failed'`: no connection came about.
 * - `'connection_lost'`: the connection ended, or fell silent, before the answer was complete.
 * - `'closed'`: `close()` was called before.
 * - `'not_migrated'`: the tables of `kyselyCalendarStore` are not there: run `calendarMigrations` first.
 * - `'unexpected'`: none of these; `cause` has more.
 */
export type CalendarErrorCode =
  | 'not_connected'
  | 'reconnect_required'
  | 'invalid_state'
  | 'consent_refused'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'already_exists'
  | 'idempotency_conflict'
  | 'full_sync_required'
  | 'rate_limited'
  | 'invalid_request'
  | 'unavailable'
  | 'overloaded'
  | 'acquire_timeout'
  | 'connection_failed'
  | 'connection_lost'
  | 'timeout'
  | 'closed'
  | 'not_migrated'
  | 'unexpected'

/** What a {@link CalendarError} is made of. */
export interface CalendarErrorInit {
  readonly operation: string
  readonly code: CalendarErrorCode
  readonly outcome: Outcome
  /** @default false */
  readonly retryable?: boolean | undefined
  /** Whose account it was about. */
  readonly reference?: string | undefined
  /** The status that Google answered with. */
  readonly status?: number | undefined
  /** Google's own word for what was wrong: `'rateLimitExceeded'` … */
  readonly reason?: string | undefined
  readonly retryAfterMs?: number | undefined
  /** The event as it stands, of a conflict. */
  readonly current?: CalendarEvent | undefined
  readonly cause?: unknown
}

/**
 * A failure at Google Calendar or its OAuth endpoints. What is printed, logged or made JSON of it never shows a
 * token, a code or the content of an event.
 *
 * @example
 * catch (error) {
 *   if (CalendarError.isInstance(error) && error.code === 'reconnect_required') askAgain()
 *   else throw error
 * }
 */
export class CalendarError extends IoError {
  declare readonly code: CalendarErrorCode
  readonly reference: string | undefined
  readonly status: number | undefined
  readonly reason: string | undefined
  // Private, so that no log shows what the event says.
  readonly #current: CalendarEvent | undefined

  static {
    mark(this.prototype, 'CalendarError')
  }

  constructor(message: string, init: CalendarErrorInit) {
    super(message, { ...init, retryable: init.retryable ?? false, boundary: 'calendar' })
    this.reference = init.reference
    this.status = init.status
    this.reason = init.reason
    this.#current = init.current
  }

  /**
   * Of a `conflict` or an `idempotency_conflict`: the event as it stands now; `undefined` where it couldn't be
   * read.
   */
  get current(): CalendarEvent | undefined {
    return this.#current
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static override isInstance(value: unknown): value is CalendarError {
    return hasMark(value, 'CalendarError')
  }
}
