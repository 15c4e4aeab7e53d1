import { hasMark, mark } from '../scopes/marker.ts'
import type { Outcome } from '../scopes/outcome.ts'

/*
 * Error
 *  ├ IoError        an I/O boundary failed; says whether the effect may have happened
 *  │   └ DbError, HttpError, StorageError, MailError, BillingError, CalendarError, JobError
 *  ├ TimeoutError   what the owner of an expired timeout gets
 *  └ Cancelled      not a failure: a termination signal that nothing swallows
 */

/** What an {@link IoError} is made of. */
export interface IoErrorInit {
  /** The package that failed: `'db'`, `'storage'` … */
  readonly boundary: string
  /** What it was doing: `'query'`, `'upload'` … */
  readonly operation: string
  /** A stable word for programs: `'overloaded'`, `'not_found'` … Listed by each package. */
  readonly code: string
  /** Whether the same call may succeed when made again later. */
  readonly retryable: boolean
  readonly outcome: Outcome
  /** Milliseconds that the other side asked us to wait before we try again. */
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

/**
 * A failure at an I/O boundary. Packages narrow it (`DbError`, `StorageError` …). `retryable` says whether
 * the same call may succeed later, `outcome` whether its effect may have happened all the same: a call is
 * safe to repeat only with `outcome: 'none'`, or if doing it twice is as good as once.
 *
 * @example
 * catch (error) {
 *   if (IoError.isInstance(error) && error.outcome === 'none' && error.retryable) return again()
 *   throw error
 * }
 */
export class IoError extends Error {
  readonly boundary: string
  readonly operation: string
  readonly code: string
  readonly retryable: boolean
  readonly outcome: Outcome
  /** How long the other side asked us to wait before the next try, in milliseconds. */
  readonly retryAfterMs: number | undefined

  static {
    mark(this.prototype, 'IoError')
  }

  constructor(message: string, init: IoErrorInit) {
    super(message, init)
    this.boundary = init.boundary
    this.operation = init.operation
    this.code = init.code
    this.retryable = init.retryable
    this.outcome = init.outcome
    this.retryAfterMs = init.retryAfterMs
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static isInstance(value: unknown): value is IoError {
    return hasMark(value, 'IoError')
  }
}
