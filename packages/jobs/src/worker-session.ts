import { isRetryable, moveOnAfter, taskGroup, type TaskGroup } from '@yuzuru/concurrency'
import { Attempt } from './attempt.ts'
import { claim, type ClaimedJob } from './claim.ts'
import { Finisher } from './finisher.ts'
import type { JobDatabase } from './job-database.ts'
import { keepLeases, loseExpired } from './leases.ts'
import { listenFor } from './listening.ts'
import { recover } from './recover.ts'
import { Wake } from './wake.ts'
import type { WorkerEvent } from './worker-event.ts'
import type { WorkerSettings } from './worker-options.ts'

/** One run of a worker, from its first claim to the end of its last handler. */
export class WorkerSession {
  readonly #db: JobDatabase
  readonly #worker: string
  readonly #settings: WorkerSettings
  readonly #untilIdle: boolean
  readonly #running = new Set<Attempt>()
  readonly #wake = new Wake()
  readonly #finisher: Finisher
  #stopping = false
  #recoverAt = 0

  constructor(db: JobDatabase, worker: string, settings: WorkerSettings, untilIdle: boolean) {
    this.#db = db
    this.#worker = worker
    this.#settings = settings
    this.#untilIdle = untilIdle
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
          await this.#take(group)
        } catch (error) {
          // Handlers that run already get their grace all the same.
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

  async #take(group: TaskGroup): Promise<void> {
    for (let first = true; !this.#stopping; first = false) {
      await this.#recover()
      const free = this.#settings.concurrency - this.#running.size
      const askedAt = performance.now()
      let claimed: readonly ClaimedJob[] = []
      try {
        if (free > 0) claimed = await this.#claim(free)
      } catch (error) {
        if (this.#untilIdle || (first && !isRetryable(error))) throw error
        this.#emit({ type: 'error', operation: 'claim', error })
      }
      for (const job of claimed) this.#start(group, job, askedAt)
      if (this.#untilIdle && this.#running.size === 0) return
      await this.#wake.wait(around(this.#settings.pollMs))
    }
  }

  async #claim(limit: number): Promise<ClaimedJob[]> {
    const { queues, names, leaseMs } = this.#settings
    const request = { queues, names, limit, leaseMs, worker: this.#worker }
    return await claim(this.#db, request, { timeoutMs: leaseMs })
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
    // With all slots taken there may be more that is due; otherwise the next poll is soon enough.
    this.#running.add(attempt)
    group.spawn(
      async () => {
        try {
          await this.#finisher.see(attempt)
        } finally {
          const full = this.#running.size >= this.#settings.concurrency
          this.#running.delete(attempt)
          if (full || this.#stopping || this.#untilIdle) this.#wake.signal()
        }
      },
      { name: `job ${claimed.name}` },
    )
  }

  async #drain(): Promise<void> {
    this.#stopping = true
    const idle = async (): Promise<void> => {
      while (this.#running.size > 0) await this.#wake.wait(Infinity)
    }
    await moveOnAfter(this.#settings.shutdownGraceMs, idle)
    for (const attempt of this.#running) attempt.stop('shutdown', SHUTDOWN)
    await idle()
  }

  #emit = (event: WorkerEvent): void => {
    try {
      this.#settings.onEvent(event)
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error), 'WorkerEventWarning')
    }
  }
}

const SHUTDOWN = 'the worker is shutting down; the job goes back into the queue'

/** Up to a fifth less or more, so that workers that started together do not poll together. */
function around(ms: number): number {
  return ms * (0.8 + Math.random() * 0.4)
}

function ownListen(db: JobDatabase): WorkerSettings['listen'] {
  if (!('listen' in db) || typeof db.listen !== 'function') return undefined
  return (channel) => (db as { listen(channel: string): AsyncIterable<unknown> }).listen(channel)
}
