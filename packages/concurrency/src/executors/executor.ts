import type { CloseOptions } from '../boundary/closing.ts'
import type { IoOptions } from '../boundary/io-call.ts'
import type { Effect } from '../scopes/outcome.ts'

/** A module without a type of its own: any function by any name. */
export type AnyJobs = Readonly<Record<string, (...args: unknown[]) => unknown>>

/** The names of the functions that a module exports. */
export type JobName<M> = {
  [K in keyof M]: M[K] extends (...args: never[]) => unknown ? K : never
}[keyof M] &
  string

/** What a job takes. */
export type JobArguments<M, K extends keyof M> = M[K] extends (...args: infer A) => unknown
  ? A
  : never

/** What a job gives, once awaited. */
export type JobValue<M, K extends keyof M> = M[K] extends (...args: never[]) => infer R
  ? Awaited<R>
  : never

/** One call of an exported function. */
export interface Job<M, K extends keyof M> {
  /** The name of the export. Shown in errors, traces and the task tree. */
  readonly name: K
  readonly args: JobArguments<M, K>
}

/** The last argument of {@link Executor.run}. */
export interface JobOptions extends IoOptions {
  /**
   * What the job does outside its worker; says what the outcome of a cancel or a crash is.
   * @default that of the executor
   */
  readonly effect?: Effect | undefined
}

/**
 * Runs the exported functions of one module in other threads or processes. A call obeys the scope
 * around it: a cancel or a deadline reaches the job.
 */
export interface Executor<
  M extends object = AnyJobs,
  O extends JobOptions = JobOptions,
> extends AsyncDisposable {
  /**
   * Runs an exported function with these arguments.
   *
   * @throws {TypeError} when an argument cannot be sent, or the module has no such function
   * @throws {ExecutorError} `overloaded`, `acquire_timeout`, `closed`, `module_failed`, or a {@link WorkerCrashed}
   * @throws {Cancelled} when the scope around it is cancelled and the job has ended
   * @throws what the job throws, with its name, message, stack, cause and plain fields
   */
  call<K extends JobName<M>>(name: K, ...args: JobArguments<M, K>): Promise<JobValue<M, K>>
  /**
   * Like `call`, with options.
   *
   * @throws as {@link Executor.call} does, and {TimeoutError} when `timeoutMs` passed and the job has ended
   */
  run<K extends JobName<M>>(job: Job<M, K>, options?: O): Promise<JobValue<M, K>>
  /** How many jobs have a worker. */
  readonly running: number
  /** How many jobs wait for one. */
  readonly waiting: number
  /**
   * Takes no more jobs, lets those that run or wait finish for `drainMs` (10 s by default), cancels what is
   * left, and ends the workers when that has ended. A cancel of the scope around it ends the drain at
   * once. A second call awaits the first.
   *
   * @throws {TypeError} when an option is unknown or out of its range
   */
  close(options?: CloseOptions): Promise<void>
}
