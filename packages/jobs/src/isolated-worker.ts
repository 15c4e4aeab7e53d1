import { isMainThread, Worker } from 'node:worker_threads'
import { type JobView, jobScope } from '@yuzuru/concurrency/job'
import { JobError } from './job-error.ts'
import type { IsolatedContext, IsolatedHandler, IsolatedInfo } from './job/isolated-context.ts'
import type { IsolatedKind } from './job/isolated-kind.ts'
import { resultText } from './job/job-result.ts'
import { progressText } from './job/progress-text.ts'

/* What the threads and processes of handlers load: started by its address, exported to nobody. */

/** Runs the handler of a kind. */
export async function runHandler(
  payload: unknown,
  kind: IsolatedKind,
  info: IsolatedInfo,
): Promise<unknown> {
  endWithWorker()
  const { name, module, handler } = kind
  const exports = await load(kind)
  const run = Object.hasOwn(exports, handler) ? exports[handler] : undefined
  if (typeof run !== 'function') {
    throw new TypeError(`Expected the module of "${name}" to export a function "${handler}"`)
  }
  const context = new HandlerContext(kind, info, jobScope() as JobView)
  const value = await (run as IsolatedHandler<unknown>)(payload, context)
  resultText({ name, result: undefined }, value)
  return value

  async function load({ runIn }: IsolatedKind): Promise<Readonly<Record<string, unknown>>> {
    try {
      return (await import(module)) as Readonly<Record<string, unknown>>
    } catch (cause) {
      throw new JobError(`the module of "${name}" could not be loaded in its ${runIn}`, {
        operation: 'run',
        code: 'module_failed',
        retryable: true,
        outcome: 'none',
        cause,
      })
    }
  }
}

class HandlerContext implements IsolatedContext {
  readonly jobId: string
  readonly attempt: number
  readonly attempts: number
  readonly enqueuedAt: Date
  readonly cron: IsolatedContext['cron']
  readonly progress: IsolatedContext['progress']
  readonly #scope: JobView

  constructor({ name, runIn }: IsolatedKind, info: IsolatedInfo, scope: JobView) {
    this.jobId = info.jobId
    this.attempt = info.attempt
    this.attempts = info.attempts
    this.enqueuedAt = info.enqueuedAt
    this.cron = info.cron
    this.#scope = scope
    this.progress = (value) => scope.report(progressText(value))
    for (const missing of MISSING) {
      const get = (): never => {
        throw new TypeError(
          `Expected the handler of "${name}" to do without ${missing}, got a use of it: it needs the worker's database, and the handler runs in a ${runIn} of its own`,
        )
      }
      Object.defineProperty(this, missing, { get })
    }
  }

  get signal(): AbortSignal {
    return this.#scope.signal
  }
}

/** What other handlers have. */
const MISSING = ['step', 'tx', 'completeIn', 'dependencies', 'snooze']

let isWatching = false

/**
 * Ends this process, if it is one of handlers, with the worker that started it. One whose handler yields to nobody does not
 * see its channel close: a thread looks for it.
 */
function endWithWorker(): void {
  if (isWatching || !isMainThread) return
  isWatching = true
  try {
    const watch = new Worker(WATCH, { eval: true, workerData: process.ppid, execArgv: [] })
    watch.on('error', () => undefined)
    watch.unref()
  } catch {
    // Threads are not permitted: then it ends when the handler yields.
  }
}

/** How the thread looks. Half a second is how long such a process may outlive its worker. */
const WATCH = `
const { workerData } = require('node:worker_threads')
setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL')
}, 500)
`
