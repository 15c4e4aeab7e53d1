import { isRetryable, moveOnAfter, taskGroup, type TaskGroup } from '@yuzuru/concurrency'
import type { QueryExecutorProvider } from 'kysely'
import { Attempt } from './attempt.ts'
import { claim, type ClaimedJob } from './claim.ts'
import { Finisher } from './finisher.ts'
import { keepLeases, loseExpired } from './leases.ts'
import { listenFor, ownListen } from './listening.ts'
import { recover } from './recover.ts'
import { Wake } from './wake.ts'
import { emitter, type WorkerEvent } from './worker-event.ts'
import type { WorkerSettings } from './worker-options.ts'

/*
 * The life of a session, from `run()` to its end:
 *
 * 1. Three tasks begin beside the work: one extends the leases of what runs, one ends handlers whose lease
 *    ran out, and one listens for notifications (where the database can).
 * 2. Then, over and over: take back the jobs of workers that vanished, claim as many jobs as there are free
 *    slots, start an attempt at each, and sleep until a notification, a free slot or the next poll.
 * 3. An attempt runs the handler in a scope of its own, decides by what came of it (`verdict.ts`), and
 *    writes that down under its lease (`finisher.ts`). It never fails the session, whatever was thrown.
 * 4. `stop()` comes with the cancel of the scope around `run()`, or when `runUntilIdle()` finds nothing
 *    more. No more jobs are taken. What runs may go on for `drainMs`; then its handlers are cancelled.
 * 5. Jobs that were cut short go back with their attempt. When the last one is written down, the tasks of
 *    step 1 are cancelled, and the session has ended. Nothing outlives it: docs/semantics.md, rules 8 and 9.
 */

/** One run of a worker, from its first claim to the end of its last handler. */
export class WorkerSession {
  readonly #db: QueryExecutorProvider
  readonly #worker: string
  readonly #settings: WorkerSettings
  readonly #untilIdle: boolean
  readonly #running = new Set<Attempt>()
  readonly #wake = new Wake()
  readonly #finisher: Finisher
  readonly #emit: (event: WorkerEvent) => void
  #stopping = false
  #recoverAt = 0

  constructor(
    db: QueryExecutorProvider,
    worker: string,
    settings: WorkerSettings,
    untilIdle: boolean,
  ) {
    this.#db = db
    this.#worker = worker
    this.#settings = settings
    this.#untilIdle = untilIdle
    this.#emit = emitter(settings.onEvent)
    this.#finisher = new Finisher(db, settings.leaseMs, this.#emit)
  }

  /** Takes no more jobs. */
  stop(): void {
    this.#stopping = true
    this.#wake.signal()
  }

  async work(): Promise<void> {
    let failure: { readonly error: unknown } | undefined
    await taskGroup(
      async (group) => {
        const background = this.#background(group)
        try {
          await this.#takeJobs(group)
        } catch (error) {
          // Handlers that run already get their time to end all the same.
          failure = { error }
        }
        await this.#drain()
        for (const task of background) task.cancel('the worker has ended')
      },
      { name: 'worker' },
    )
    if (failure !== undefined) throw failure.error
  }

  #background(group: TaskGroup): { cancel(message: string): void }[] {
    const { leaseMs, heartbeatMs, pollMs, listen } = this.#settings
    const tasks = [
      group.spawn(() => keepLeases(this.#db, this.#running, this.#settings, this.#emit), {
        name: 'heartbeat',
      }),
      // Beside the heartbeats, because one that hangs is just what this is for.
      group.spawn(() => loseExpired(this.#running, leaseMs, heartbeatMs), { name: 'lease watch' }),
    ]
    const source = listen ?? ownListen(this.#db)
    if (source !== undefined) {
      const wake = (): void => this.#wake.signal()
      tasks.push(group.spawn(() => listenFor(source, wake, pollMs, this.#emit), { name: 'listen' }))
    }
    return tasks
  }

  async #takeJobs(group: TaskGroup): Promise<void> {
    for (let first = true; !this.#stopping; first = false) {
      await this.#recover()
      const askedAt = performance.now()
      for (const job of await this.#claim(first)) this.#start(group, job, askedAt)
      if (this.#untilIdle && this.#running.size === 0) return
      await this.#wake.wait(around(this.#settings.pollMs))
    }
  }

  /** A database that fails is asked again at the next poll, unless the first look fails for good. */
  async #claim(first: boolean): Promise<readonly ClaimedJob[]> {
    const { queues, names, leaseMs, concurrency } = this.#settings
    const limit = concurrency - this.#running.size
    if (limit <= 0) return []
    try {
      const request = { queues, names, limit, leaseMs, worker: this.#worker }
      return await claim(this.#db, request, { timeoutMs: leaseMs })
    } catch (error) {
      if (this.#untilIdle || (first && !isRetryable(error))) throw error
      this.#emit({ type: 'error', operation: 'claim', error })
      return []
    }
  }

  async #recover(): Promise<void> {
    const { pollMs, leaseMs } = this.#settings
    if (performance.now() < this.#recoverAt) return
    this.#recoverAt = performance.now() + around(pollMs)
    try {
      for (const job of await recover(this.#db, { timeoutMs: leaseMs })) {
        this.#emit({ type: 'recovered', job })
      }
    } catch (error) {
      this.#emit({ type: 'error', operation: 'recover', error })
    }
  }

  #start(group: TaskGroup, claimed: ClaimedJob, askedAt: number): void {
    const job = this.#settings.jobs.get(claimed.name)
    if (job === undefined) return
    const attempt = new Attempt(job, claimed, askedAt)
    // A claim that was on its way when the shutdown came is given back unbegun.
    if (this.#stopping) attempt.stop('shutdown', SHUTDOWN)
    this.#running.add(attempt)
    group.spawn(() => this.#see(attempt), { name: `job ${claimed.name}` })
  }

  async #see(attempt: Attempt): Promise<void> {
    try {
      await this.#finisher.see(attempt)
    } finally {
      // With all slots taken there may be more that is due; otherwise the next poll is soon enough.
      const wasFull = this.#running.size >= this.#settings.concurrency
      this.#running.delete(attempt)
      if (wasFull || this.#stopping || this.#untilIdle) this.#wake.signal()
    }
  }

  async #drain(): Promise<void> {
    this.#stopping = true
    const idle = async (): Promise<void> => {
      while (this.#running.size > 0) await this.#wake.wait(Infinity)
    }
    await moveOnAfter(this.#settings.drainMs, idle)
    for (const attempt of this.#running) attempt.stop('shutdown', SHUTDOWN)
    await idle()
  }
}

const SHUTDOWN = 'the worker is shutting down; the job goes back into the queue'

/** Up to a fifth less or more, so that workers that started together do not poll together. */
function around(ms: number): number {
  return ms * (0.8 + Math.random() * 0.4)
}
