import { isCausedBy } from '../scopes/cancelled.ts'
import { inlineModule } from './inline/compile-inline.ts'
import { describeFailure } from './job-failure.ts'
import type { JobAnswer, JobRequest } from './job-pool.ts'
import { JobScope } from './job-scope.ts'
import type { OnReport } from './reports.ts'
import { runInScope } from '../scopes/run-in-scope.ts'
import { workerHasStarted } from './worker-start.ts'

/** How a job learns that its caller asks it to end. */
export interface CancelFlag {
  /** Whether it was asked. */
  readonly isRaised: () => boolean
  /** Calls back when that changes; returns what takes the callback off. */
  watch(callback: () => void): () => void
}

interface Runnable {
  run(value: unknown, fn: () => unknown): unknown
}

/** What a module exports. */
export type Exports = Readonly<Record<string, unknown>>

/** Gives the jobs. */
export type LoadModule = () => Exports | Promise<Exports>

/**
 * Imports a module when it is first needed. Asking `import()` again would cost each job more than its
 * scope does. What failed is tried again. Without a module all jobs are functions: the caller sees to that.
 */
export function lazyModule(url: string | undefined): LoadModule {
  let exports: Exports | undefined
  const load = async (): Promise<Exports> => {
    exports = (await import(url as string)) as Exports
    workerHasStarted()
    return exports
  }
  return () => exports ?? load()
}

/** Runs a job, in its worker, in a scope of its own. Never throws: what happened is in the answer. */
export async function runJob(
  load: LoadModule,
  { name, args, deadlineAt, context, source }: JobRequest,
  flag: CancelFlag,
  report?: OnReport,
): Promise<JobAnswer> {
  let exports: Exports
  try {
    const loaded = source === undefined ? load() : inlineModule(name, source)
    exports = loaded instanceof Promise ? await loaded : loaded
  } catch (error) {
    return { kind: 'module', failure: describeFailure(error) }
  }
  const job = Object.hasOwn(exports, name) ? exports[name] : undefined
  if (typeof job !== 'function') {
    const mistake = new TypeError(`Expected "${name}" to be a function that the module exports`)
    return { kind: 'error', failure: describeFailure(mistake) }
  }
  const left = deadlineAt === undefined ? Infinity : deadlineAt - Date.now()
  const scope = new JobScope(name, left, flag.isRaised, report)
  let unwatch: (() => void) | undefined
  const begin = (): unknown => {
    const value: unknown = inContext(exports, context, () => job(...args))
    // Skip the callback for a job that already returned: it would cost more than most jobs.
    if (value instanceof Promise) unwatch = flag.watch(() => scope.look())
    return value
  }
  try {
    const value = await runInScope(scope, begin)
    return { kind: 'value', value }
  } catch (error) {
    if (isCancelOf(scope, error)) return { kind: 'cancelled' }
    return { kind: 'error', failure: describeFailure(error) }
  } finally {
    unwatch?.()
  }
}

/** Calls `fn` with the values that travelled, in the variables that the module exports as `context`. */
function inContext(exports: Exports, values: Exports | undefined, fn: () => unknown): unknown {
  if (values === undefined) return fn()
  const variables = (exports['context'] ?? {}) as Readonly<Record<string, Runnable | undefined>>
  let call = fn
  for (const [name, value] of Object.entries(values)) {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined
    const inner = call
    if (variable !== undefined) call = () => variable.run(value, inner)
  }
  return call()
}

/** Whether the job ended of its own cancel. What it threw may be anything, also what cannot be asked. */
function isCancelOf(scope: JobScope, error: unknown): boolean {
  try {
    return isCausedBy(error, scope.ownReason)
  } catch {
    return false
  }
}
