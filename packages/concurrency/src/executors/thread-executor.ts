import type { Transferable } from 'node:worker_threads'
import type { AnyJobs, Executor, JobOptions } from './executor.ts'
import { executorSettings, type ExecutorOptions } from './executor-options.ts'
import { PoolExecutor } from './pool-executor.ts'
import { ThreadPool } from './thread-pool.ts'

/** Options of {@link threads}. */
export interface ThreadsOptions extends ExecutorOptions {}

/** Options of one job of {@link threads}. */
export interface ThreadJobOptions extends JobOptions {
  /** What is handed over rather than copied: buffers, ports, streams in the arguments. Unusable after. */
  readonly transfer?: readonly Transferable[] | undefined
}

/**
 * Runs the functions that a module exports, and functions without closures, in threads: for work that computes for long and would block the
 * event loop. Threads start when they are needed.
 *
 * A cancel, or the deadline, of the scope around a call raises a flag that the job can read; after
 * `graceMs` its thread, and only that, is killed. The call returns when the job has ended.
 *
 * Not for I/O, which does not block, and not for work of less than a millisecond or so: sending it costs
 * more. A native crash ends the whole process: use `processes` where that may happen.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @example
 * await using images = threads<typeof import('./images.ts')>({
 *   module: new URL('./images.ts', import.meta.url),
 *   effect: 'read',
 * })
 * const small = await withTimeout(2_000, () => images.call('resize', picture, 320))
 */
export function threads<M extends object = AnyJobs>(
  options: ThreadsOptions = {},
): Executor<M, ThreadJobOptions> {
  const settings = executorSettings(options, 'threads')
  return new PoolExecutor('threads', settings, new ThreadPool(settings))
}
