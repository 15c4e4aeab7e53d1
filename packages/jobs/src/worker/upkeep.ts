import type { Kysely } from 'kysely'
import { promote } from '../engine/promote.ts'
import { wakeParked } from '../engine/wake-parked.ts'
import { recover } from '../engine/worker-row.ts'
import type { Roster } from './roster.ts'
import type { WorkerEvent } from './worker-event.ts'
import type { WorkerSettings } from './worker-options.ts'

/** What {@link Upkeep} works with. */
export interface UpkeepParts {
  readonly db: Kysely<unknown>
  readonly settings: WorkerSettings
  readonly roster: Roster
  readonly emit: (event: WorkerEvent) => void
}

/**
 * What every worker does for all: makes due what was for later, at its time, and what has got what it waits for, and
 * takes back the jobs of workers that vanished.
 */
export class Upkeep {
  readonly #parts: UpkeepParts
  readonly #pollMs: number
  #hasSuspects = false
  /** When to look next, on this process's clock. */
  at: number = -Infinity

  constructor(parts: UpkeepParts, pollMs: number) {
    this.#parts = parts
    this.#pollMs = pollMs
  }

  /** Something becomes due in so many milliseconds. */
  dueIn(delayMs: number): void {
    this.at = Math.min(this.at, performance.now() + delayMs)
  }

  /** Looks, if it is time. */
  async run(): Promise<{ readonly promoted: boolean; readonly hasSuspects: boolean }> {
    let promoted = 0
    if (performance.now() >= this.at) {
      const { db, settings } = this.#parts
      const found = await promote(db, { timeoutMs: settings.leaseMs })
      promoted = found.promoted
      this.#hasSuspects = found.suspects
      this.at = performance.now() + (found.more ? 0 : Math.min(this.#pollMs, found.nextMs))
      if (found.signals && (await this.wake())) promoted += 1
      if (found.expired) await this.#recover()
    }
    return { promoted: promoted > 0, hasSuspects: this.#hasSuspects }
  }

  /** Makes due what has got what it waits for. @returns whether there was any */
  async wake(): Promise<boolean> {
    const { db, settings } = this.#parts
    for (let woken = 0; ;) {
      const { signals, jobs } = await wakeParked(db, { timeoutMs: settings.leaseMs })
      woken += jobs
      if (signals === 0) return woken > 0
    }
  }

  async #recover(): Promise<void> {
    const { db, settings, roster, emit } = this.#parts
    for (;;) {
      const rules = { quietMs: roster.quietMs }
      const jobs = await recover(db, rules, { timeoutMs: settings.leaseMs })
      if (jobs === undefined) return
      if (jobs.length > 0) this.#hasSuspects = true
      for (const job of jobs) emit({ type: 'recovered', job })
    }
  }
}
