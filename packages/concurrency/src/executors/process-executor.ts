import type { AnyJobs, Executor } from './executor.ts'
import { executorSettings, type ExecutorOptions } from './executor-options.ts'
import { PoolExecutor } from './pool-executor.ts'
import { ProcessPool } from './process-pool.ts'

/** Options of {@link processes}. */
export interface ProcessesOptions extends ExecutorOptions {}

/**
 * Runs the functions that a module exports, and functions without closures, in processes of their own: for work that may crash or takes
 * much memory. Otherwise like `threads`, but each call costs more: arguments and results are always copied.
 *
 * A job receives a cancel when it yields (`await checkpoint()`); after `graceMs` its process, and only
 * that, is killed with SIGKILL.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @example
 * await using reports = processes<typeof import('./reports.ts')>({
 *   module: new URL('./reports.ts', import.meta.url),
 *   workers: 2,
 *   maxHeapMb: 512,
 * })
 * const pdf = await reports.call('render', planId)
 */
export function processes<M extends object = AnyJobs>(options: ProcessesOptions = {}): Executor<M> {
  const settings = executorSettings(options, 'processes')
  return new PoolExecutor('processes', settings, new ProcessPool(settings))
}
