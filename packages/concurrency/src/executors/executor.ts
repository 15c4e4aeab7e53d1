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

/** One call of a function that is sent along. */
export interface InlineJob<A extends readonly unknown[], R> {
  /**
   * What is to run in the worker: a function or an arrow function, also an `async` one. Its text is sent, not
   * what is around it: it may use its arguments, globals, and what it imports itself from `node:` modules,
   * `file:` URLs and `@yuzuru/concurrency`. Its name is shown in errors, traces and the task tree.
   */
  readonly fn: (...args: A) => R
  readonly args: A
}

/** The last argument of {@link Executor.run}. */
export interface JobOptions extends IoOptions {
  /**
   * What the job does outside its worker; says what the outcome of a cancel or a crash is.
   * @default that of the executor
   */
  readonly effect?: Effect | undefined
  /**
   * Called with each value that the job passes to `jobScope()?.report`, while it runs. What it throws becomes a warning
   * of the process. @default nobody hears them
   */
  readonly onReport?: ((value: unknown) => void) | undefined
}

/**
 * Runs the exported functions of one module, and functions without closures, in other threads or processes.
 * A call obeys the scope around it: a cancel or a deadline reaches the job.
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
   * Runs a function with these arguments. Its text is checked before it is sent, once for each function.
   * Needs the packages `acorn` and `eslint-scope`.
   *
   * Not for what uses a variable, an import or a helper of its module: export that from a module.
   *
   * @throws {TypeError} when the function uses anything but its arguments and globals (the message names it),
   * or an argument cannot be sent
   * @throws as the call of an exported function does
   * @example
   * await using pool = threads({ effect: 'read' })
   * const sum = await pool.call((count: number) => {
   *   let total = 0
   *   for (let n = 0; n < count; n += 1) total += n
   *   return total
   * }, 10_000_000)
   */
  call<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>>
  /**
   * Like `call`, with options.
   *
   * @throws as {@link Executor.call} does, and {TimeoutError} when `timeoutMs` passed and the job has ended
   */
  run<K extends JobName<M>>(job: Job<M, K>, options?: O): Promise<JobValue<M, K>>
  /** Like `call` with a function, with options. @throws as that does */
  run<A extends readonly unknown[], R>(job: InlineJob<A, R>, options?: O): Promise<Awaited<R>>
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
