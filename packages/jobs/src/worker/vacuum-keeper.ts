import {
  cancelScope,
  Cancelled,
  isRetryable,
  sleep,
  taskGroup,
  throwIfCancelled,
} from '@yuzuru/concurrency'
import type { QueryExecutorProvider } from 'kysely'
import {
  type Bloated,
  type BloatRules,
  isWaitedFor,
  mostBloated,
  vacuum,
} from '../engine/vacuum.ts'
import { Wake } from './wake.ts'

/** When a table is vacuumed: a tenth of its rows is dead, and it is worth a scan of its indexes. */
const RULES: BloatRules = { leastDead: 100_000, share: 0.1 }

/** After how many jobs it looks. */
const EVERY_JOBS = 20_000

/** How long a look may take, in milliseconds. */
const LOOK_MS = 5_000

/** How long a vacuum may take, in milliseconds: what it can't do in that time is autovacuum's. */
const VACUUM_MS = 60_000

/** Of the time it vacuums at the most one part of so many. */
const PART = 3

/**
 * How long a table is left alone of whose dead rows most could not be removed, as some snapshot may see them, in
 * milliseconds, by all the workers that have found that: briefly at first, as an ANALYZE of any table has a snapshot for as
 * long as it takes, then each time so many times as long, up to a minute.
 */
const HELD_MS = 1_000
const HELD_LONGER = 4
const MOST_HELD_MS = 60_000

/** How long it leaves a table alone that somebody else vacuums or alters, or waits to, in milliseconds. */
const BUSY_MS = 1_000

/** How often it looks whether somebody waits for the table that it vacuums, in milliseconds: autovacuum gives way after as long. */
const WAITED_MS = 1_000

/** How long it stops after a failure, in milliseconds, and where that may soon be over, as a lost connection is. */
const FAILED_MS = 600_000
const PASSING_MS = 60_000

/** What a {@link VacuumKeeper} works with. */
export interface VacuumKeeperParts {
  readonly db: QueryExecutorProvider
  readonly onError: (error: unknown) => void
  /** @default a tenth of the rows, and 100,000 */
  readonly rules?: BloatRules
  /** After how many jobs it looks. @default 20,000 */
  readonly everyJobs?: number
}

/**
 * Vacuums the queue's tables while this worker does jobs faster than autovacuum follows, which looks once a minute: at
 * 30,000 jobs a second the table would be many times what lives in it. An idle worker asks for nothing.
 */
export class VacuumKeeper {
  readonly #db: QueryExecutorProvider
  readonly #onError: (error: unknown) => void
  readonly #rules: BloatRules
  readonly #everyJobs: number
  readonly #wake = new Wake()
  #ended = 0
  /** How long ago any worker's vacuum must have ended. */
  #restMs = 0

  constructor({ db, onError, rules = RULES, everyJobs = EVERY_JOBS }: VacuumKeeperParts) {
    this.#db = db
    this.#onError = onError
    this.#rules = rules
    this.#everyJobs = everyJobs
  }

  /** An attempt has ended: its row changed twice. */
  ended(): void {
    this.#ended += 1
    if (this.#ended < this.#everyJobs) return
    this.#ended = 0
    this.#wake.signal()
  }

  /** Works until it is cancelled. */
  async keep(): Promise<never> {
    for (;;) {
      await this.#wake.wait(Infinity)
      await sleep(await this.look())
    }
  }

  /** Vacuums the table that needs it most, if one does. @returns how long to leave them all alone, in milliseconds */
  async look(): Promise<number> {
    try {
      const rules = { ...this.#rules, restMs: this.#restMs }
      const found = await mostBloated(this.#db, rules, { timeoutMs: LOOK_MS })
      if (found === undefined) return this.#restMs === 0 ? 0 : BUSY_MS
      const startedAt = performance.now()
      if (!(await this.#vacuum(found.table))) return BUSY_MS
      const tookMs = performance.now() - startedAt
      const left = await mostBloated(this.#db, this.#rules, { timeoutMs: LOOK_MS })
      const isSame = left?.table === found.table
      if (isSame && left.vacuums === found.vacuums) return BUSY_MS
      const isHeld = isSame && left.dead > found.dead / 2
      this.#restMs = isHeld ? heldLonger(this.#restMs) : 0
      return Math.max(this.#restMs, tookMs * (PART - 1))
    } catch (error) {
      throwIfCancelled()
      this.#onError(error)
      return isRetryable(error) ? PASSING_MS : FAILED_MS
    }
  }

  /**
   * Gives way to who waits for the table, as autovacuum does: behind them claims and heartbeats wait as well.
   *
   * @returns whether it was not cut short
   */
  async #vacuum(table: Bloated['table']): Promise<boolean> {
    let isWaited = false
    try {
      await cancelScope(async (scope) => {
        await taskGroup(async (group) => {
          const watching = group.spawn(async () => {
            do await sleep(WAITED_MS)
            while (!(await isWaitedFor(this.#db, table, { timeoutMs: LOOK_MS })))
            isWaited = true
            scope.cancel('somebody waits for the table')
          })
          await vacuum(this.#db, table, { timeoutMs: VACUUM_MS })
          watching.cancel('the vacuum has ended')
        })
      })
      return true
    } catch (error) {
      throwIfCancelled()
      if (isWaited && Cancelled.isInstance(error)) return false
      throw error instanceof AggregateError ? error.errors[0] : error
    }
  }
}

function heldLonger(restMs: number): number {
  return Math.min(MOST_HELD_MS, Math.max(HELD_MS, restMs * HELD_LONGER))
}
