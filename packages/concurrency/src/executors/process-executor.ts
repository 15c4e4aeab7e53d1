import type { AnyJobs, Executor } from './executor.ts'
import { executorSettings, type ExecutorOptions } from './executor-options.ts'
import { PoolExecutor } from './pool-executor.ts'
import { ProcessPool } from './process-pool.ts'

export interface ProcessesOptions extends ExecutorOptions {}

/**
 * Runs the functions that a module exports in processes of their own: for what may crash, or takes
 * much memory. Otherwise like `threads`, with dearer calls: arguments and results are always copied.
 *
 * A job learns of a cancel when it yields (`await checkpoint()`); after `graceMs` its process is
 * killed with SIGKILL, and no other.
 *
 * @example
 * await using reports = processes<typeof import('./reports.ts')>({
 *   module: new URL('./reports.ts', import.meta.url),
 *   workers: 2,
 *   maxHeapMb: 512,
 * })
 * const pdf = await reports.call('render', planId)
 */
export function processes<M extends object = AnyJobs>(options: ProcessesOptions): Executor<M> {
  const settings = executorSettings(options, 'processes')
  return new PoolExecutor('processes', settings, new ProcessPool(settings))
}
