import { detached } from '@yuzuru/concurrency'
import { fieldOf, isOf, messageOf } from '@yuzuru/concurrency/boundary'
import type { Executor } from '@yuzuru/concurrency/threads'
import type * as isolatedWorker from '../isolated-worker.ts'
import { isolatedWorkerUrl } from '../isolated-worker-url.ts'
import { JobError } from '../job-error.ts'
import type { IsolatedInfo } from '../job/isolated-context.ts'
import type { IsolatedKind, RunIn } from '../job/isolated-kind.ts'
import type { Isolation } from '../job/isolation.ts'
import type { JobContext } from '../job/job.ts'
import type { IsolationSettings } from './worker-options.ts'

/** How often threads or processes are replaced at the most, in milliseconds. */
const REPLACE_MS = 1_000

type HandlerExecutor = Executor<typeof isolatedWorker>

/**
 * Runs handlers in threads and processes, which start when they are needed. Its worker never runs more at once than it has
 * of them (`crews.ts`), so that none waits here.
 */
export class IsolatedRunner implements Isolation {
  readonly #settings: IsolationSettings
  readonly #makers = new Map<RunIn, () => HandlerExecutor>()
  readonly #executors = new Map<RunIn, HandlerExecutor>()
  /** The ends of those that were replaced. */
  readonly #leaving = new Set<Promise<void>>()
  #replacedAt = -Infinity

  constructor(settings: { readonly isolated: IsolationSettings }) {
    this.#settings = settings.isolated
  }

  /** Makes ready what its kinds need. @throws when a package that it needs is not installed */
  async open(): Promise<void> {
    const { jobs, threads, processes, graceMs, maxHeapMb } = this.#settings
    const kinds = new Set(jobs.map(({ isolated }) => isolated?.runIn))
    // A handler may have written somewhere before it was killed.
    const options = { module: isolatedWorkerUrl(), graceMs, maxHeapMb, effect: 'write' } as const
    if (kinds.has('thread')) {
      const executors = await import('@yuzuru/concurrency/threads')
      this.#makers.set('thread', () => executors.threads({ ...options, workers: threads }))
    }
    if (kinds.has('process')) {
      const executors = await import('@yuzuru/concurrency/processes')
      this.#makers.set('process', () => executors.processes({ ...options, workers: processes }))
    }
    for (const [runIn, make] of this.#makers) this.#executors.set(runIn, make())
  }

  async run(kind: IsolatedKind, payload: unknown, context: JobContext): Promise<unknown> {
    const executor = this.#executors.get(kind.runIn) as HandlerExecutor
    const { jobId, attempt, attempts, enqueuedAt, cron } = context
    const info: IsolatedInfo = { jobId, attempt, attempts, enqueuedAt, cron }
    const job = { name: 'runHandler', args: [payload, kind, info] } as const
    const onReport = (text: unknown): void => context.progress(JSON.parse(text as string))
    try {
      return await executor.run(job as never, { onReport })
    } catch (error) {
      if (isOfModule(error)) this.#replace(kind.runIn, executor)
      throw crashOf(kind, error) ?? error
    }
  }

  /**
   * Node keeps for ever that a module has failed as it was loaded, and all that import it with it: that thread or process
   * would never run such a handler again. So they are replaced, once their other handlers have ended.
   */
  #replace(runIn: RunIn, executor: HandlerExecutor): void {
    const now = performance.now()
    // Another handler was quicker; or it fails again and again, and new ones help no more.
    if (this.#executors.get(runIn) !== executor || now - this.#replacedAt < REPLACE_MS) return
    this.#replacedAt = now
    this.#executors.set(runIn, (this.#makers.get(runIn) as () => HandlerExecutor)())
    const leaving = detached(() => executor.close({ drainMs: Infinity }))
    this.#leaving.add(leaving)
    void leaving.finally(() => this.#leaving.delete(leaving))
  }

  /** Ends all threads and processes, also those whose handlers have not ended. */
  async close(): Promise<void> {
    const all = [...this.#executors.values()]
    await Promise.all([...all.map((executor) => executor.close({ drainMs: 0 })), ...this.#leaving])
  }
}

/** Whether a handler was not called, as its module could not be loaded. */
function isOfModule(error: unknown): boolean {
  return (
    isOf(error, Error) &&
    fieldOf(error, 'boundary') === 'jobs' &&
    fieldOf(error, 'operation') === 'run' &&
    fieldOf(error, 'code') === 'module_failed'
  )
}

/** What the end of a thread or process is for the attempt that it ran; `undefined` for all else. */
function crashOf({ name, runIn }: IsolatedKind, error: unknown): JobError | undefined {
  // One of the executor itself: a handler may use executors of its own.
  const isCrash =
    isOf(error, Error) &&
    fieldOf(error, 'code') === 'worker_crashed' &&
    fieldOf(error, 'operation') === 'runHandler'
  if (!isCrash) return undefined
  const how = messageOf(fieldOf(error, 'cause')) ?? 'it ended'
  const outcome = fieldOf(error, 'outcome') === 'none' ? 'none' : 'unknown'
  return new JobError(`the handler of "${name}" crashed with the ${runIn} that it ran in: ${how}`, {
    operation: 'run',
    code: 'handler_crashed',
    retryable: true,
    outcome,
    cause: error,
  })
}
