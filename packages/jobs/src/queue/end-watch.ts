import { detached, isRetryable, moveOnAfter, sleep, taskGroup } from '@yuzuru/concurrency'
import { backoff, inBackground } from '@yuzuru/concurrency/boundary'
import { Event } from '@yuzuru/concurrency/sync'
import { databaseOf, DbError, listen } from '@yuzuru/db'
import type { QueryExecutorProvider } from 'kysely'
import { ENDED_CHANNEL } from '../database/channel.ts'
import { JobError } from '../job-error.ts'
import { type EndedJob, lookAt, watch } from './ended-jobs.ts'

/** How many may wait for jobs on one database. */
const MOST_WAITERS = 100_000

/** How many jobs one statement looks at. */
const BATCH = 1_000

/** How often all that are waited for are looked at, in milliseconds: with notifications, and without. */
const FLOOR_MS = 5_000
const POLL_MS = { first: 50, last: 1_000 } as const

/** How long one look may take. */
const LOOK_MS = 30_000

/** For how long the connection that listens is kept when nobody waits any more. */
const LINGER_MS = 1_000

const delayMs = backoff({ baseDelayMs: 50, maxDelayMs: 2_000 })

interface Waiter {
  readonly resolve: (job: EndedJob | undefined) => void
  readonly reject: (error: unknown) => void
}

/**
 * Waits for the ends of jobs on one database, for all that ask: one loop, one connection that listens, and for each
 * waiter an entry in a map. It runs while there is a waiter, in nobody's scope.
 *
 * A job is first told to notify and looked at after that: what ended before is found by that look, and what ends
 * later notifies. A notification that is lost all the same is made up for by looking at all of them now and then.
 */
export class EndWatch {
  readonly #db: QueryExecutorProvider
  readonly #floorMs: number
  readonly #waiters = new Map<string, Set<Waiter>>()
  readonly #fresh = new Set<string>()
  readonly #heard = new Set<string>()
  /** Those that could not be told to notify, as others have them locked. */
  readonly #passed = new Set<string>()
  readonly #wake = new Event({ name: 'ends' })
  #waiting = 0
  #isRunning = false
  #isListening = false
  #lookAtAll = false

  /** @param floorMs how often all are looked at though notifications are heard */
  constructor(db: QueryExecutorProvider, floorMs: number = FLOOR_MS) {
    this.#db = db
    this.#floorMs = floorMs
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting
  }

  /**
   * Waits until a job has ended. @returns `undefined` when there is none, or no longer
   *
   * @throws {JobError} `'overloaded'`
   */
  wait(id: string): { readonly ended: Promise<EndedJob | undefined>; readonly leave: () => void } {
    if (this.#waiting >= MOST_WAITERS) throw overloaded()
    const { promise, resolve, reject } = Promise.withResolvers<EndedJob | undefined>()
    const waiter: Waiter = { resolve, reject }
    const beside = this.#waiters.get(id) ?? new Set()
    if (beside.size === 0) this.#waiters.set(id, beside)
    beside.add(waiter)
    this.#waiting += 1
    this.#fresh.add(id)
    this.#wake.set()
    this.#start()
    const leave = (): void => {
      if (!beside.delete(waiter)) return
      this.#waiting -= 1
      if (beside.size > 0) return
      this.#waiters.delete(id)
      this.#fresh.delete(id)
      this.#passed.delete(id)
    }
    return { ended: promise, leave }
  }

  #start(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    const run = async (): Promise<void> => {
      try {
        await this.#work()
      } catch (error) {
        this.#failAll(error)
      } finally {
        this.#isRunning = false
        // What came while it ended.
        if (this.#waiting > 0) this.#start()
      }
    }
    void detached(() => inBackground(run))
  }

  async #work(): Promise<void> {
    await taskGroup(async (group) => {
      const listening = group.spawn(() => this.#listen(), { name: 'listen for ends' })
      await this.#look()
      listening.cancel('nobody waits')
    })
  }

  async #look(): Promise<void> {
    let pollMs: number = POLL_MS.first
    for (let failures = 0; ;) {
      try {
        await this.#lookOnce()
        failures = 0
      } catch (error) {
        if (!isRetryable(error)) throw error
        failures += 1
        for (const id of this.#waiters.keys()) this.#fresh.add(id)
        await sleep(delayMs(failures))
        continue
      }
      if (this.#fresh.size + this.#heard.size > 0 || this.#lookAtAll) continue
      if (this.#waiting === 0) {
        if (await this.#isQuiet()) return
        continue
      }
      this.#wake.clear()
      const isHeard = this.#isListening && this.#passed.size === 0
      const { expired } = await moveOnAfter(isHeard ? this.#floorMs : pollMs, () =>
        this.#wake.wait(),
      )
      for (const id of take(this.#passed)) this.#fresh.add(id)
      pollMs = expired ? Math.min(pollMs * 2, POLL_MS.last) : POLL_MS.first
      this.#lookAtAll ||= expired
    }
  }

  /** Whether nobody comes for a while. */
  async #isQuiet(): Promise<boolean> {
    this.#wake.clear()
    const { expired } = await moveOnAfter(LINGER_MS, () => this.#wake.wait())
    return expired && this.#waiting === 0
  }

  async #lookOnce(): Promise<void> {
    const isAll = this.#lookAtAll
    this.#lookAtAll = false
    const fresh = take(this.#fresh)
    const ids = isAll ? [...this.#waiters.keys()] : [...new Set([...fresh, ...take(this.#heard)])]
    for (const batch of chunksOf(fresh)) {
      const passed = await watch(this.#db, batch, { timeoutMs: LOOK_MS })
      for (const id of passed) if (this.#waiters.has(id)) this.#passed.add(id)
    }
    for (const batch of chunksOf(ids)) {
      const found = await lookAt(this.#db, batch, { timeoutMs: LOOK_MS })
      for (const id of batch) {
        const job = found.get(id)
        if (job === undefined || job.state !== undefined) this.#settle(id, job)
      }
    }
  }

  #settle(id: string, job: EndedJob | undefined): void {
    for (const { resolve } of this.#forget(id)) resolve(job)
  }

  #failAll(error: unknown): void {
    for (const id of this.#waiters.keys()) {
      for (const { reject } of this.#forget(id)) reject(error)
    }
  }

  #forget(id: string): Waiter[] {
    const waiters = this.#waiters.get(id) ?? new Set()
    const all = [...waiters]
    this.#waiters.delete(id)
    this.#fresh.delete(id)
    this.#passed.delete(id)
    this.#waiting -= all.length
    waiters.clear()
    return all
  }

  async #listen(): Promise<void> {
    const db = databaseOf(this.#db)
    if (db === undefined) return
    const onListening = (): void => {
      this.#isListening = true
      this.#lookAtAll = true
      this.#wake.set()
    }
    for (let failures = 1; ; failures += 1) {
      try {
        for await (const { payload } of listen(db, ENDED_CHANNEL, { onListening })) {
          if (!this.#waiters.has(payload)) continue
          this.#heard.add(payload)
          this.#wake.set()
        }
      } catch (error) {
        this.#isListening = false
        // Behind a pooler, or on a pool that was passed in and can't lend a connection: then it polls.
        if (!DbError.isInstance(error) || !isRetryable(error)) return
        await sleep(delayMs(failures))
      } finally {
        this.#isListening = false
      }
    }
  }
}

function take(ids: Set<string>): string[] {
  const all = [...ids]
  ids.clear()
  return all
}

function chunksOf(ids: readonly string[]): string[][] {
  const chunks: string[][] = []
  for (let start = 0; start < ids.length; start += BATCH)
    chunks.push(ids.slice(start, start + BATCH))
  return chunks
}

function overloaded(): JobError {
  return new JobError(`${MOST_WAITERS} wait for jobs on this database already`, {
    operation: 'waitFor',
    code: 'overloaded',
    retryable: true,
    outcome: 'none',
  })
}

const watches = new WeakMap<object, EndWatch>()

/** The one for a database. */
export function endWatchOf(db: QueryExecutorProvider): EndWatch {
  const key = databaseOf(db) ?? db.getExecutor().adapter
  let found = watches.get(key)
  if (found === undefined) watches.set(key, (found = new EndWatch(db)))
  return found
}
