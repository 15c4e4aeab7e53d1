import type { Kysely } from 'kysely'
import { promote } from '../engine/promote.ts'
import { wakeParked, type Woken } from '../engine/wake-parked.ts'
import { recover } from '../engine/worker-row.ts'
import { GroupOpener } from './group-opener.ts'
import { LimitKeeper, type Room } from './limit-keeper.ts'
import { LookAgain } from './look-again.ts'
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
  readonly #again: LookAgain
  #hasSuspects = false
  /** The kinds and queues that have a number of places. */
  scaled: readonly string[] = []
  /** When to look next, on this process's clock. */
  at: number = -Infinity

  constructor(parts: UpkeepParts, pollMs: number) {
    this.#parts = parts
    this.#pollMs = pollMs
    this.#groups = new GroupOpener(parts)
    this.#limits = new LimitKeeper(parts)
    this.#again = LookAgain.atPassedOver(pollMs)
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

  /** Whether another worker was letting jobs go, or something was passed over, so that there may be more soon. */
  get isBusy(): boolean {
    return this.#limits.isBusy || this.#again.isNear
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
    let passedOver = false
    const isDue = performance.now() >= this.at
    if (isDue) {
      const { db, settings } = this.#parts
      // Also when it fails: to look again at once would be to spin.
      this.at = performance.now() + this.#pollMs
      const found = await promote(db, { timeoutMs: settings.leaseMs }, settings.names)
      promoted = found.promoted
      passedOver = found.passedOver
      this.#hasSuspects = found.suspects
      this.at = performance.now() + (found.more ? 0 : Math.min(this.#pollMs, found.nextMs))
      if (found.signals) {
        const woken = await this.wake()
        promoted += woken.jobs
        passedOver ||= woken.passedOver
      }
      if (found.expired) {
        if (await this.#recover()) passedOver = true
        // Also when there was nothing to take back any more: then another has just done it.
        this.#hasSuspects = true
      }
      if (found.behind) this.#groups.found()
      this.#limits.found(found.held)
      this.scaled = found.scaled
    }
    const groups = await this.#groups.run()
    const { opened, nextMs } = groups
    this.dueIn(nextMs)
    if (opened > 0) this.#limits.stir()
    const gone = await this.#limits.run(rooms)
    this.dueIn(gone.nextMs)
    if (gone.suspects) this.#hasSuspects = true
    promoted += opened + gone.opened
    passedOver ||= groups.passedOver || gone.passedOver
    // Only a whole look tells that nothing is passed over any more.
    if (isDue || passedOver) this.#again.looked(passedOver)
    this.at = Math.min(this.at, this.#again.at)
    return { promoted: promoted > 0, hasSuspects: this.#hasSuspects }
  }

  /** Makes due what has got what it waits for. */
  async wake(): Promise<Pick<Woken, 'jobs' | 'passedOver'>> {
    const { db, settings } = this.#parts
    for (let woken = 0; ;) {
      const { signals, jobs, passedOver } = await wakeParked(db, { timeoutMs: settings.leaseMs })
      woken += jobs
      if (signals === 0) return { jobs: woken, passedOver }
    }
  }

  /** @returns whether some were passed over */
  async #recover(): Promise<boolean> {
    const { db, settings, roster, emit } = this.#parts
    const except: string[] = []
    for (;;) {
      const rules = { quietMs: roster.quietMs, except }
      const { worker, jobs, passedOver } = await recover(db, rules, { timeoutMs: settings.leaseMs })
      if (worker === null) return passedOver || except.length > 0
      for (const job of jobs) emit({ type: 'recovered', job })
      if (passedOver) except.push(worker)
    }
  }
}
