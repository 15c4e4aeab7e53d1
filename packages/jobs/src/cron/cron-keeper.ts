import { sleep, throwIfCancelled } from '@yuzuru/concurrency'
import type { Kysely } from 'kysely'
import { committed } from '../database/committed.ts'
import { nextDueMs, noteNext, writeDown } from './cron-rows.ts'
import type { Cron } from './define-cron.ts'
import { type Fired, fireOne } from './fire.ts'
import { Schedule } from './schedule.ts'

/** What a {@link CronKeeper} works with. */
export interface CronKeeperParts {
  readonly db: Kysely<unknown>
  readonly crons: readonly Cron[]
  /** How long a statement may take, in milliseconds. */
  readonly timeoutMs: number
  readonly onFired: (fired: Fired) => void
  readonly onError: (error: unknown) => void
}

/**
 * How often it looks while nothing is due, in milliseconds: what another worker has changed, or someone has resumed,
 * may be due sooner than what it knows. A cron that can't be fired here is left alone for as long.
 */
const LOOK_MS = 5_000

/** How soon it looks again when another worker is at what is due, in milliseconds. */
const BUSY_MS = 50

/** Writes a worker's crons down, and fires those that are due. */
export class CronKeeper {
  readonly #parts: CronKeeperParts
  readonly #unwritten: Map<string, Cron>
  readonly #written = new Map<string, Cron>()
  /** Until when, on this process's clock, those are left alone that could not be fired. */
  readonly #until = new Map<string, number>()
  /** Those that have had their turn: each has one before any has its next, however much one has to make up for. */
  readonly #served = new Set<string>()

  constructor(parts: CronKeeperParts) {
    this.#parts = parts
    this.#unwritten = new Map(parts.crons.map((cron) => [cron.name, cron]))
  }

  /** Works until it is cancelled. */
  async keep(): Promise<never> {
    for (;;) {
      const waitMs = await this.look()
      throwIfCancelled()
      // A timer may be early by a part of a millisecond.
      await sleep(Math.min(LOOK_MS, Math.max(1, Math.ceil(waitMs))))
    }
  }

  /** Fires what is due. @returns in how many milliseconds to look again; never throws but a `Cancelled` */
  async look(): Promise<number> {
    const { db, timeoutMs, onFired } = this.#parts
    const options = { timeoutMs }
    for (;;) {
      let left: string | undefined = undefined
      throwIfCancelled()
      try {
        await this.#writeDown(options)
        const ready = this.#ready()
        if (ready.size === 0) return LOOK_MS
        const waitMs = await nextDueMs(db, [...ready.keys()], options)
        if (waitMs > 0) return waitMs
        throwIfCancelled()
        const fired = await fireOne(db, ready, options, {
          after: this.#served,
          failed: (name) => (left = name),
        })
        if (fired === undefined) return BUSY_MS
        if (this.#served.has(fired.cron)) this.#served.clear()
        this.#served.add(fired.cron)
        onFired(fired)
      } catch (error) {
        throwIfCancelled()
        this.#parts.onError(error)
        if (left === undefined) return LOOK_MS
        // One that can't be fired must not keep the others from it.
        this.#until.set(left, performance.now() + LOOK_MS)
      }
    }
  }

  #ready(): Map<string, Cron> {
    const now = performance.now()
    return new Map([...this.#written].filter(([name]) => (this.#until.get(name) ?? 0) <= now))
  }

  /** The rules of the zone may have changed since the next time was noted: it is computed again. */
  async #writeDown(options: { readonly timeoutMs: number }): Promise<void> {
    for (const [name, cron] of this.#unwritten) {
      await committed(this.#parts.db, async (tx) => {
        throwIfCancelled()
        const row = await writeDown(tx, cron, options)
        const schedule = new Schedule(row.schedule, row.timeZone)
        throwIfCancelled()
        await noteNext(tx, name, schedule.next(new Date(row.doneUntil)), options)
      })
      this.#unwritten.delete(name)
      this.#written.set(name, cron)
    }
  }
}
