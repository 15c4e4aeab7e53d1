import { sleep, throwIfCancelled } from '@yuzuru/concurrency'
import type { Kysely } from 'kysely'
import { register, renew, resign, unregister, type WorkerRow } from '../engine/worker-row.ts'
import { isAway } from '../database/database-error.ts'
import { type Held, Incarnation } from './incarnation.ts'
import type { WorkerEvent } from './worker-event.ts'

/** How a worker is known to the others, and how often it says that it lives. */
export interface RosterRow extends WorkerRow {
  readonly heartbeatMs: number
}

/** The lives of one worker, the current one and those that still hold something, and their leases. */
export class Roster {
  readonly #db: Kysely<unknown>
  readonly #row: RosterRow
  readonly #emit: (event: WorkerEvent) => void
  readonly #all = new Set<Incarnation>()
  #registering: Promise<Incarnation> | undefined = undefined
  /** Since when the database has answered each heartbeat; a new worker has seen nothing else. */
  #quietSince = -Infinity
  #isAway = false

  constructor(db: Kysely<unknown>, row: RosterRow, emit: (event: WorkerEvent) => void) {
    this.#db = db
    this.#row = row
    this.#emit = emit
  }

  /** For how long the database has been there, in milliseconds, as far as is known. */
  get quietMs(): number {
    return performance.now() - this.#quietSince
  }

  /** What was taken and is not settled. */
  *held(): Generator<Held> {
    for (const { held } of this.#all) yield* held
  }

  /** The incarnation under which jobs are taken; a new one where there is none. */
  async current(): Promise<Incarnation> {
    for (const incarnation of this.#all) if (incarnation.state === 'live') return incarnation
    this.#registering ??= this.#begin().finally(() => {
      this.#registering = undefined
    })
    return await this.#registering
  }

  async #begin(): Promise<Incarnation> {
    const askedAt = performance.now()
    const id = await register(this.#db, this.#row, { timeoutMs: this.#row.leaseMs })
    const incarnation = new Incarnation(id, askedAt)
    this.#all.add(incarnation)
    return incarnation
  }

  /** Extends the leases, over and over, and ends the lives that are over. */
  async keep(): Promise<never> {
    const { heartbeatMs } = this.#row
    for (let waitMs = heartbeatMs; ;) {
      throwIfCancelled()
      await sleep(waitMs)
      // A database that was away has all leases run out: extend them as soon as it is back.
      waitMs = (await this.#beat()) ? heartbeatMs : Math.min(heartbeatMs, 1_000)
      await this.#bury()
    }
  }

  async #beat(): Promise<boolean> {
    const living = [...this.#all].filter(({ state }) => state !== 'lost')
    if (living.length === 0) return true
    const askedAt = performance.now()
    try {
      const { leaseMs } = this.#row
      const ids = living.map(({ id }) => id)
      const renewed = await renew(this.#db, ids, this.#row, { timeoutMs: leaseMs })
      if (this.#quietSince === Infinity) this.#quietSince = performance.now()
      this.#isAway = false
      const alive = new Set(renewed.map(({ id }) => id))
      for (const incarnation of living) {
        if (alive.has(incarnation.id)) incarnation.confirmedAt = askedAt
        else incarnation.lose()
      }
      this.#cancel(new Set(renewed.flatMap(({ cancels }) => cancels)))
      return true
    } catch (error) {
      throwIfCancelled()
      this.#quietSince = Infinity
      this.#isAway = isAway(error)
      this.#emit({ type: 'error', operation: 'heartbeat', error })
      return false
    }
  }

  #cancel(ids: ReadonlySet<string>): void {
    if (ids.size === 0) return
    for (const { held } of this.#all) {
      for (const attempt of held) {
        if (ids.has(attempt.claimed.id)) attempt.stop('cancelled', 'cancelJob asked for its end')
      }
    }
  }

  /**
   * Ends the handlers of a life whose lease has run out because the database could not be asked. Where the
   * database itself refuses connections nobody else can take its jobs either: then they go on.
   *
   * It also says when the event loop stood still: it does nothing but sleep, so no such time escapes it.
   */
  async watch(): Promise<never> {
    const { leaseMs, heartbeatMs } = this.#row
    for (;;) {
      const startedAt = performance.now()
      await sleep(heartbeatMs)
      const now = performance.now()
      const blockedMs = now - startedAt - heartbeatMs
      if (blockedMs > leaseMs / 2) this.#emit({ type: 'blocked', forMs: Math.round(blockedMs) })
      for (const incarnation of this.#all) {
        if (incarnation.state === 'lost' || now - incarnation.confirmedAt < leaseMs) continue
        if (!this.#isAway) incarnation.lose()
      }
    }
  }

  /** Gives back what a life that is over may still hold. */
  async #bury(): Promise<void> {
    for (const incarnation of this.#all) {
      if (incarnation.state === 'live' || incarnation.held.size > 0) continue
      try {
        await this.#end(incarnation)
      } catch (error) {
        throwIfCancelled()
        this.#emit({ type: 'error', operation: 'recover', error })
        return
      }
    }
  }

  async #end(incarnation: Incarnation): Promise<void> {
    const { id, isClean, unsettled } = incarnation
    const options = { timeoutMs: this.#row.leaseMs }
    if (isClean) await unregister(this.#db, id, options)
    else await resign(this.#db, id, unsettled, options)
    this.#all.delete(incarnation)
  }

  /** Cancels the handlers of all that is held. */
  stopAll(message: string): void {
    for (const { held } of this.#all) for (const attempt of held) attempt.stop('shutdown', message)
  }

  /** At the end of the worker: what can't be said now, the lease says when it has run out. */
  async end(): Promise<void> {
    for (const incarnation of this.#all) {
      if (incarnation.held.size > 0) incarnation.retire()
      try {
        await this.#end(incarnation)
      } catch (error) {
        this.#emit({ type: 'error', operation: 'recover', error })
      }
    }
  }
}
