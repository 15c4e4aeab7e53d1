import { setImmediate as nextTurn } from 'node:timers/promises'
import { isRetryable, sleep, throwIfCancelled } from '@yuzuru/concurrency'
import { backoff } from '@yuzuru/concurrency/boundary'
import type { QueryExecutorProvider } from 'kysely'
import { complete, endedAs } from '../engine/complete.ts'
import { settle } from '../engine/settle.ts'
import type { JobState } from '../job/job-state.ts'
import type { Attempt, AttemptResult } from './attempt.ts'
import { MOST } from './prefetch.ts'
import type { ProgressKeeper } from './progress-keeper.ts'
import { type Ended, groupsOf, resultsOf } from './settle-groups.ts'
import { Wake } from './wake.ts'
import { eventOf, type WorkerEvent } from './worker-event.ts'

/** How often what the server refuses for good is tried, alone, before it is given up. */
const TRIES = 3

const delayMs = backoff({ baseDelayMs: 50, maxDelayMs: 2_000 })

/** What a settler works with. */
export interface SettlerEvents {
  /** What handlers said last is written before their jobs are. */
  readonly progress: Pick<ProgressKeeper, 'flush'>
  readonly emit: (event: WorkerEvent) => void
  /**
   * Some were settled; `againMs` says when the first of them is due again, `Infinity` for never, `hasSignals` whether
   * some wait for what may have come.
   */
  readonly onSettled: (againMs: number, hasSignals: boolean) => void
}

/**
 * Writes down what became of attempts: all that have ended since the last time in a statement or two, on
 * a connection of its own. Doing it twice is the same as once, so what fails is tried again.
 */
export class Settler {
  readonly #db: QueryExecutorProvider
  readonly #timeoutMs: number
  readonly #events: SettlerEvents
  readonly #wake = new Wake()
  readonly #flushed = new Wake()
  #ended: Ended[] = []
  #inFlight = 0
  /** How many go together. One that the server does not take must not hold up the rest: see `#failed`. */
  #most = MOST
  #failures = 0

  constructor(db: QueryExecutorProvider, timeoutMs: number, events: SettlerEvents) {
    this.#db = db
    this.#timeoutMs = timeoutMs
    this.#events = events
  }

  /** How many attempts are not written down. */
  get size(): number {
    return this.#ended.length + this.#inFlight
  }

  add(attempt: Attempt, result: AttemptResult): void {
    this.#ended.push({ attempt, result, tries: 0 })
    if (this.#ended.length === 1) this.#wake.signal()
  }

  /** Works until it is cancelled. */
  async keep(): Promise<never> {
    for (;;) {
      if (this.#ended.length === 0) await this.#wake.wait(Infinity)
      // What ends in the same turn of the event loop goes together.
      await nextTurn()
      await this.#flush()
      if (this.#failures > 0) await sleep(delayMs(this.#failures))
    }
  }

  async #flush(): Promise<void> {
    const batch = this.#ended.splice(0, this.#most)
    if (batch.length === 0) return
    this.#inFlight = batch.length
    await this.#events.progress.flush(batch.map(({ attempt }) => attempt.claimed))
    let againMs = Infinity
    for (const group of groupsOf(batch)) {
      try {
        againMs = Math.min(againMs, await this.#settle(group))
        this.#failures = 0
        this.#most = Math.min(MOST, this.#most * 2)
      } catch (error) {
        throwIfCancelled()
        this.#failed(group, error)
      }
      this.#inFlight -= group.length
    }
    this.#flushed.signal()
    const hasSignals = batch.some(({ result }) => result.settlement.waits === true)
    this.#events.onSettled(againMs, hasSignals)
  }

  async #settle(group: readonly Ended[]): Promise<number> {
    const stateOf = await this.#write(group)
    let againMs = Infinity
    for (const { attempt, result } of group) {
      const state = stateOf(attempt.claimed.id)
      attempt.incarnation.settled(attempt, true)
      if (state === 'waiting') againMs = Math.min(againMs, result.settlement.delayMs ?? 0)
      if (attempt.begun) this.#events.emit(eventOf(attempt, result, state))
    }
    return againMs
  }

  /** @returns what each job now is; `undefined` for one that was lost */
  async #write(group: readonly Ended[]): Promise<(id: string) => JobState | undefined> {
    const options = { timeoutMs: this.#timeoutMs }
    const states = new Map<string, JobState>()
    const leases = group.map(({ attempt }) => attempt.claimed)
    let left = group
    if (group[0]?.attempt.completesItself === true) {
      for (const [id, state] of await endedAs(this.#db, leases, options)) states.set(id, state)
      left = group.filter(({ attempt }) => !states.has(attempt.claimed.id))
    }
    const [first] = left
    if (first?.result.settlement.to === 'completed') {
      const ids = left.map(({ attempt }) => attempt.claimed.id)
      const completion = { ids, claim: first.attempt.claimed.claim, results: resultsOf(left) }
      const done = await complete(this.#db, completion, options)
      // So it nearly always is.
      if (done.length === group.length) return () => 'completed'
      for (const id of done) states.set(id, 'completed')
    } else if (first !== undefined) {
      const given = left.map(({ attempt, result }) => {
        return { lease: attempt.claimed, settlement: result.settlement }
      })
      for (const [id, state] of await settle(this.#db, given, options)) states.set(id, state)
    }
    // The answer to an earlier try was lost, or the lease was.
    const missing = leases.filter(({ id }) => !states.has(id))
    if (missing.length > 0) {
      for (const [id, state] of await endedAs(this.#db, missing, options)) states.set(id, state)
    }
    return (id) => states.get(id)
  }

  /** Fewer together next time; what is refused alone, again and again, is left to the end of the lease. */
  #failed(group: readonly Ended[], error: unknown): void {
    this.#failures += 1
    this.#most = Math.max(1, Math.floor(group.length / 2))
    this.#events.emit({ type: 'error', operation: 'settle', error })
    const again: Ended[] = []
    for (const ended of group) {
      ended.tries += group.length === 1 && !isRetryable(error) ? 1 : 0
      if (ended.tries < TRIES) again.push(ended)
      else ended.attempt.incarnation.settled(ended.attempt, false)
    }
    this.#ended.push(...again)
  }

  /** Waits until all is written down. */
  async empty(): Promise<void> {
    while (this.size > 0) await this.#flushed.wait(Infinity)
  }
}
