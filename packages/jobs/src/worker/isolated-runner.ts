import { withTimeout } from '@yuzuru/concurrency'
import { fieldOf, isOf, messageOf } from '@yuzuru/concurrency/boundary'
import { Semaphore } from '@yuzuru/concurrency/sync'
import type { Executor, ExecutorOptions } from '@yuzuru/concurrency/threads'
import type * as isolatedWorker from '../isolated-worker.ts'
import { isolatedWorkerUrl } from '../isolated-worker-url.ts'
import { JobError } from '../job-error.ts'
import type { IsolatedInfo } from '../job/isolated-context.ts'
import type { IsolatedKind, RunIn } from '../job/isolated-kind.ts'
import type { Isolation } from '../job/isolation.ts'
import type { JobContext } from '../job/job.ts'
import type { IsolationSettings } from './worker-options.ts'

/** What handlers run in: an executor, and so many places that none ever waits in its queue. */
interface Places {
  readonly executor: Executor<typeof isolatedWorker>
  readonly free: Semaphore
}

/** Runs handlers in threads and processes, which start when they are needed. */
export class IsolatedRunner implements Isolation {
  readonly #settings: IsolationSettings
  readonly #places = new Map<RunIn, Places>()

  constructor(settings: { readonly isolated: IsolationSettings }) {
    this.#settings = settings.isolated
  }

  /** Makes ready what its kinds need. @throws when a package that it needs is not installed */
  async open(): Promise<void> {
    const { jobs, threads, processes, graceMs, maxHeapMb } = this.#settings
    const kinds = new Set(jobs.map(({ isolated }) => isolated?.runIn))
    // A handler may have written somewhere before it was killed.
    const options = { module: isolatedWorkerUrl(), graceMs, maxHeapMb, effect: 'write' } as const
    const add = (
      runIn: RunIn,
      make: (options: ExecutorOptions) => Executor<typeof isolatedWorker>,
      workers: number,
    ): void => {
      const free = new Semaphore(workers, { name: `a free ${runIn}` })
      this.#places.set(runIn, { executor: make({ ...options, workers }), free })
    }
    if (kinds.has('thread')) {
      const executors = await import('@yuzuru/concurrency/threads')
      add('thread', executors.threads, threads)
    }
    if (kinds.has('process')) {
      const executors = await import('@yuzuru/concurrency/processes')
      add('process', executors.processes, processes)
    }
  }

  async run(kind: IsolatedKind, payload: unknown, context: JobContext): Promise<unknown> {
    const { executor, free } = this.#places.get(kind.runIn) as Places
    using _place = await free.acquire()
    const { jobId, attempt, attempts, enqueuedAt, cron } = context
    const info: IsolatedInfo = { jobId, attempt, attempts, enqueuedAt, cron }
    const job = { name: 'runHandler', args: [payload, kind, info] } as const
    const onReport = (text: unknown): void => context.progress(JSON.parse(text as string))
    try {
      return await withTimeout(kind.timeoutMs, () => executor.run(job as never, { onReport }), {
        name: `job ${kind.name}`,
      })
    } catch (error) {
      throw crashOf(kind, error) ?? error
    }
  }

  /** Ends all threads and processes, also those whose handlers have not ended. */
  async close(): Promise<void> {
    const all = [...this.#places.values()]
    await Promise.all(all.map(({ executor }) => executor.close({ drainMs: 0 })))
  }
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
