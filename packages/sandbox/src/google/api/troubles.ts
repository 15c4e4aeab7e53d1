import { expectOptions } from '@yuzuru/concurrency/boundary'
import { CalendarFailure } from './failure.ts'

/** What goes wrong on purpose with a request that came in whole. */
export interface GoogleTrouble {
  /**
   * - `rate_limit`: 403 `rateLimitExceeded`; `user_rate_limit`: 403 `userRateLimitExceeded`;
   *   `too_many_requests`: 429 `rateLimitExceeded`. Nothing is done; a moment later it may be.
   * - `quota`: 403 `quotaExceeded`; `usage_limit`: 403 `calendarUsageLimitsExceeded`. Nothing is done, and
   *   will not be for hours.
   * - `forbidden`: 403 `forbiddenForNonOrganizer`, which no wait mends.
   * - `error`: 500 `backendError`, and nothing is done; `error_after`: the same, and it is done.
   *
   * A reply that is lost on its way is the fault proxy's `dropReply`.
   */
  readonly kind: keyof typeof KINDS | 'error_after'
  /** A part of `POST /calendar/v3/calendars/primary/events`. @default every request of the Calendar API */
  readonly when?: string | undefined
  /** How often. @default 1 */
  readonly times?: number | undefined
}

/** Source: https://developers.google.com/workspace/calendar/api/guides/errors */
const KINDS = {
  rate_limit: [403, 'rateLimitExceeded', 'Rate Limit Exceeded'],
  user_rate_limit: [403, 'userRateLimitExceeded', 'User Rate Limit Exceeded'],
  too_many_requests: [429, 'rateLimitExceeded', 'Rate Limit Exceeded'],
  quota: [403, 'quotaExceeded', 'Quota exceeded.'],
  usage_limit: [403, 'calendarUsageLimitsExceeded', 'Calendar usage limits exceeded.'],
  forbidden: [
    403,
    'forbiddenForNonOrganizer',
    'Shared properties can only be changed by the event organizer.',
  ],
  error: [500, 'backendError', 'Backend Error'],
} as const

/** The troubles that are set, each until it has happened as often as it should. */
export class Troubles {
  #waiting: { trouble: GoogleTrouble; left: number }[] = []

  /** Replaces what was set before. */
  set(troubles: readonly GoogleTrouble[]): void {
    for (const trouble of troubles) {
      expectOptions(trouble, ['kind', 'when', 'times'], 'setTroubles')
      if (trouble.kind !== 'error_after' && !Object.hasOwn(KINDS, trouble.kind)) {
        const known = [...Object.keys(KINDS), 'error_after']
        throw new TypeError(`Expected kind to be one of ${known.join(', ')}, got ${trouble.kind}`)
      }
    }
    this.#waiting = troubles.map((trouble) => ({ trouble, left: trouble.times ?? 1 }))
  }

  /** Takes the first one that a request meets. */
  take(line: string): GoogleTrouble['kind'] | undefined {
    const met = this.#waiting.find(
      ({ trouble, left }) => left > 0 && line.includes(trouble.when ?? ''),
    )
    if (met) met.left -= 1
    return met?.trouble.kind
  }
}

export function failureOf(kind: GoogleTrouble['kind']): CalendarFailure {
  const [code, reason, message] = KINDS[kind === 'error_after' ? 'error' : kind]
  return new CalendarFailure(code, reason, message)
}
