import { hasMark, IoError, type IoErrorInit, mark } from '@yuzuru/concurrency'

/**
 * What a {@link JobError} is about.
 *
 * - `'lease_lost'`: another worker took the job over, or it was cancelled; nothing was written.
 * - `'lease_expired'`: kept with a job whose last attempt ended with its worker (a kill, a crash).
 * - `'invalid_payload'`: kept with a job whose stored payload its definition no longer accepts.
 * - `'already_exists'`: an unfinished job with the same key is in the way.
 * - `'conflict'`: the key changed hands too often while it was asked for.
 * - `'step_changed'`: the steps that a handler asks for are not those that an earlier run of the job finished.
 * - `'handler_crashed'`: the thread or process that a handler ran in ended before it. Retryable.
 * - `'module_failed'`: the module of a handler could not be loaded in its thread or process; `cause` says why. Retryable.
 * - `'dependency_failed'`: kept with a job of a flow that was not run, as one that comes before it did not complete.
 * - `'job_failed'`, `'job_cancelled'`: that is how the job ended which was waited for; `cause` is what is kept of
 *   its last error, if there is one.
 * - `'not_found'`: there is no job with the id that is waited for, or no longer; or there are no limits of that kind.
 * - `'invalid_result'`: the schema of a job does not accept the result that was kept.
 * - `'overloaded'`: too many wait for jobs already.
 * - `'not_migrated'`: the tables of the queue are not there, or are of an earlier version: run `jobsMigrations` first.
 * - `'database'`: PostgreSQL, or the way to it, failed (only on a Kysely that is not `@yuzuru/db`'s,
 *   which throws its own `DbError`); `cause` is the native error.
 */
export type JobErrorCode =
  | 'lease_lost'
  | 'lease_expired'
  | 'invalid_payload'
  | 'already_exists'
  | 'conflict'
  | 'step_changed'
  | 'handler_crashed'
  | 'module_failed'
  | 'dependency_failed'
  | 'job_failed'
  | 'job_cancelled'
  | 'not_found'
  | 'invalid_result'
  | 'overloaded'
  | 'not_migrated'
  | 'database'

/** What a {@link JobError} is made of. */
export interface JobErrorInit extends Omit<IoErrorInit, 'boundary'> {
  readonly code: JobErrorCode
}

/** A failure of the job queue itself; what a handler throws stays the handler's. */
export class JobError extends IoError {
  declare readonly code: JobErrorCode

  static {
    mark(this.prototype, 'JobError')
  }

  constructor(message: string, init: JobErrorInit) {
    super(message, { ...init, boundary: 'jobs' })
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static override isInstance(value: unknown): value is JobError {
    return hasMark(value, 'JobError')
  }
}
