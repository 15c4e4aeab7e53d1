import { IoError } from '../boundary/io-error.ts'
import { hasMark, mark } from '../scopes/marker.ts'
import type { Outcome } from '../scopes/outcome.ts'

/**
 * Why an executor did not run a job.
 *
 * - `'overloaded'`: the queue is full. Retryable.
 * - `'acquire_timeout'`: no worker came free within `acquireTimeoutMs`. Retryable.
 * - `'closed'`: after `close()`, or cut by it.
 * - `'module_failed'`: the module of the jobs could not be loaded; `cause` says why.
 * - `'worker_crashed'`: the worker ended before the job did.
 */
export type ExecutorErrorCode =
  | 'overloaded'
  | 'acquire_timeout'
  | 'closed'
  | 'module_failed'
  | 'worker_crashed'

const RETRYABLE: ReadonlySet<ExecutorErrorCode> = new Set(['overloaded', 'acquire_timeout'])

/** What an {@link ExecutorError} is made of. */
export interface ExecutorErrorInit {
  readonly boundary: string
  /** The name of the job. */
  readonly job: string
  readonly code: ExecutorErrorCode
  readonly outcome: Outcome
  readonly cause?: unknown
}

/** An executor did not run a job, or not to its end. What a job throws is never one. */
export class ExecutorError extends IoError {
  declare readonly code: ExecutorErrorCode
  /** The name of the job. */
  readonly job: string

  static {
    mark(this.prototype, 'ExecutorError')
  }

  constructor(message: string, { job, ...init }: ExecutorErrorInit) {
    super(message, { ...init, operation: job, retryable: RETRYABLE.has(init.code) })
    this.job = job
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static override isInstance(value: unknown): value is ExecutorError {
    return hasMark(value, 'ExecutorError')
  }
}

/**
 * The worker ended before the job did: it threw outside the job, called `process.exit`, ran out of
 * memory or was killed. `cause` says how. Another worker takes its place.
 */
export class WorkerCrashed extends ExecutorError {
  static {
    mark(this.prototype, 'WorkerCrashed')
  }

  constructor(message: string, init: Omit<ExecutorErrorInit, 'code'>) {
    super(message, { ...init, code: 'worker_crashed' })
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static override isInstance(value: unknown): value is WorkerCrashed {
    return hasMark(value, 'WorkerCrashed')
  }
}
