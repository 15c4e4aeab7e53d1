import type { Kysely } from 'kysely'
import { promote } from '../engine/promote.ts'
import { wakeParked } from '../engine/wake-parked.ts'
import { recover } from '../engine/worker-row.ts'
import { GroupOpener } from './group-opener.ts'
import { LimitKeeper, type Room } from './limit-keeper.ts'
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
 * takes back the jobs of workers that vanished. For its own kinds it lets the next of each group go, and what limits
 * hold back.
 */
export class Upkeep {
  readonly #parts: UpkeepParts
  readonly #pollMs: number
  readonly #groups: GroupOpener
  readonly #limits: LimitKeeper
  #hasSuspects = false
  /** When to look next, on this process's clock. */
  at: number = -Infinity

  constructor(parts: UpkeepParts, pollMs: number) {
    this.#parts = parts
    this.#pollMs = pollMs
    this.#groups = new GroupOpener(parts)
    this.#limits = new LimitKeeper(parts)
  }

  /** Something becomes due in so many milliseconds. */
  dueIn(delayMs: number): void {
    this.at = Math.min(this.at, performance.now() + delayMs)
  }

  /** Some jobs came, or ended, so that others may go. @returns whether to look now */
  stir(): boolean {
    const isLimited = this.#limits.stir()
    return this.#groups.stir() || isLimited
  }

  /** There may be jobs of groups, though no kind is known to have some. */
  mayHaveGroups(): void {
    this.#groups.found()
  }

  /** Whether to look now because of {@link stir}. */
  get isStirred(): boolean {
    return this.#groups.isStirred || this.#limits.isStirred
  }

  /** Whether another worker was letting jobs go, so that there may be more. */
  get isBusy(): boolean {
    return this.#limits.isBusy
  }

  /**
   * Looks, if it is time.
   *
   * @param rooms how many jobs of each kind the worker could take
   */
  async run(
    rooms: () => ReadonlyMap<string, Room>,
  ): Promise<{ readonly promoted: boolean; readonly hasSuspects: boolean }> {
    let promoted = 0
    if (performance.now() >= this.at) {
      const { db, settings } = this.#parts
      // Also when it fails: to look again at once would be to spin.
      this.at = performance.now() + this.#pollMs
      const found = await promote(db, { timeoutMs: settings.leaseMs }, settings.names)
      promoted = found.promoted
      this.#hasSuspects = found.suspects
      this.at = performance.now() + (found.more ? 0 : Math.min(this.#pollMs, found.nextMs))
      if (found.signals && (await this.wake())) promoted += 1
      if (found.expired) await this.#recover()
      if (found.behind) this.#groups.found()
      this.#limits.found(found.held)
    }
    const { opened, nextMs } = await this.#groups.run()
    this.dueIn(nextMs)
    if (opened > 0) this.#limits.stir()
    const gone = await this.#limits.run(rooms)
    this.dueIn(gone.nextMs)
    if (gone.suspects) this.#hasSuspects = true
    promoted += opened + gone.opened
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
