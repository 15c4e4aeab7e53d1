import { isRetryable, throwIfCancelled } from '@yuzuru/concurrency'
import type { Attempt } from './attempt.ts'
import { type Crews, whereOf } from './crews.ts'
import { Intake, type IntakeParts } from './intake.ts'
import type { Room } from './limit-keeper.ts'
import { LookAgain } from './look-again.ts'
import { Upkeep } from './upkeep.ts'
import { Wake } from './wake.ts'
import type { WorkerEvent } from './worker-event.ts'

/** How soon a worker that can't listen looks again after there was work, in milliseconds. */
const SOON_MS = 20

/** What a {@link Supply} works with. */
export interface SupplyParts extends IntakeParts {
  readonly crews: Crews
  readonly emit: (event: WorkerEvent) => void
}

/**
 * Gets jobs for the crews, on a connection of its own: as soon as what waits there has fallen to the low-water
 * mark, if there may be more; when something is announced; and at every poll.
 */
export class Supply {
  readonly #parts: SupplyParts
  /** One for each crew. */
  readonly #intakes: readonly Intake[]
  readonly #upkeep: Upkeep
  readonly #wake = new Wake()
  /** After a look that failed. */
  readonly #again: LookAgain
  #isStopping = false
  #idleLooks = 0
  /** When to look though nothing is announced, on this process's clock. What wakes it before does not put that off. */
  #pollAt = Infinity
  /** Whether it has looked for groups since it last found something. */
  #isSure = false
  #suspect: Attempt | undefined = undefined
  /** Whether new work is announced, so that there is no need to look often. */
  isListening = false

  constructor(parts: SupplyParts) {
    const { settings, crews } = parts
    const kinds = [...settings.jobs.values()]
    this.#parts = parts
    this.#intakes = [...crews.all].map(([where, crew]) => {
      const names = kinds.filter((job) => whereOf(job) === where).map(({ name }) => name)
      return new Intake(parts, crew, names)
    })
    this.#upkeep = new Upkeep(parts, settings.pollMs)
    this.#again = new LookAgain(settings.pollMs)
  }

  /** There may be more than there was. */
  look(hasSignals: boolean = false): void {
    if (hasSignals) this.#upkeep.dueIn(0)
    for (const intake of this.#intakes) intake.mayFind = true
    this.#idleLooks = 0
    this.#upkeep.stir()
    this.#wake.signal()
  }

  /** Some were written down, of which the first is due again in so many milliseconds. */
  settled(againMs: number, hasSignals: boolean): void {
    this.#mayTakeNextSuspect()
    for (const intake of this.#intakes) intake.ended()
    if (hasSignals) this.#upkeep.dueIn(0)
    if (this.#upkeep.stir()) this.#wake.signal()
    if (againMs === 0) for (const intake of this.#intakes) intake.clearBounds()
    if (againMs === 0 || this.#parts.untilIdle) {
      for (const intake of this.#intakes) intake.mayFind = true
    } else if (againMs < Infinity) this.#upkeep.dueIn(againMs)
    else if (!hasSignals && this.#intakes.every(({ isFull }) => isFull)) return
    this.#wake.signal()
  }

  /** A crew has less to do. */
  eased(attempt: Attempt): void {
    if (attempt === this.#suspect) this.#mayTakeNextSuspect()
    else if (this.#intakes.some(({ isReady }) => isReady)) this.#wake.signal()
  }

  /** Not before it is written down how the last one ended: what ends the process would have it run again. */
  #mayTakeNextSuspect(): void {
    const suspect = this.#suspect
    if (suspect === undefined || suspect.incarnation.held.has(suspect)) return
    this.#suspect = undefined
    this.look()
  }

  stop(): void {
    this.#isStopping = true
    this.#wake.signal()
  }

  /** @throws what the first look fails with for good */
  async run(): Promise<void> {
    const { untilIdle } = this.#parts
    for (let isFirst = true; !this.#isStopping; isFirst = false) {
      const isAgain = performance.now() >= this.#again.at
      // What failed may have been any of its looks.
      if (isAgain) this.look(true)
      try {
        const { promoted, hasSuspects } = await this.#upkeep.run(() => this.#rooms())
        for (const intake of this.#intakes) intake.scaled(this.#upkeep.scaled)
        if (promoted) this.#mayFindAnywhere()
        if (hasSuspects) await this.#takeSuspect()
        await this.#take()
        if (isAgain) this.#again.looked(false)
      } catch (error) {
        throwIfCancelled()
        if (untilIdle || (isFirst && !isRetryable(error))) throw error
        this.#parts.emit({ type: 'error', operation: 'claim', error })
        for (const intake of this.#intakes) intake.mayFind = false
        this.#again.looked(true)
      }
      if (this.#intakes.some(({ isReady }) => isReady)) continue
      if (untilIdle && this.#isIdle()) {
        if ((await this.#upkeep.wake()).jobs > 0) {
          this.#mayFindAnywhere()
          continue
        }
        if (this.#isSure) return
        this.#isSure = true
        this.#upkeep.mayHaveGroups()
        continue
      }
      await this.#pause()
    }
  }

  #mayFindAnywhere(): void {
    for (const intake of this.#intakes) intake.mayFindAnywhere()
  }

  /** Whether nothing is under way, and nothing is left to look for. */
  #isIdle(): boolean {
    // Those may let more go without anything else happening.
    if (this.#upkeep.isStirred || this.#upkeep.isBusy) return false
    if (this.#intakes.some(({ mayFind, isNear }) => mayFind || isNear)) return false
    const { crews, unsettled } = this.#parts
    return crews.busy === 0 && crews.waiting === 0 && unsettled() === 0
  }

  async #pause(): Promise<void> {
    const { pollMs } = this.#parts.settings
    const soonMs = this.isListening ? pollMs : SOON_MS * 2 ** Math.min(this.#idleLooks, 30)
    const pollAt = Math.min(this.#pollAt, performance.now() + around(Math.min(pollMs, soonMs)))
    this.#pollAt = pollAt
    const looks = this.#intakes.map((intake) => ({ intake, at: intake.lookAt }))
    const stirredAt = this.#upkeep.isStirred ? -Infinity : Infinity
    const lookAt = Math.min(...looks.map(({ at }) => at))
    const until = Math.min(pollAt, lookAt, this.#again.at, this.#upkeep.at, stirredAt)
    await this.#wake.wait(Math.max(0, until - performance.now()))
    const now = performance.now()
    for (const { intake, at } of looks) if (now >= pollAt || now >= at) intake.mayFind = true
    if (now < pollAt) return
    this.#idleLooks += 1
    this.#pollAt = Infinity
  }

  /** How many jobs of each kind could be taken; the kinds of a crew share its places. */
  #rooms(): ReadonlyMap<string, Room> {
    return new Map(
      this.#intakes.flatMap((intake) => {
        const room = { left: intake.room() }
        return intake.names.map((name) => [name, room] as const)
      }),
    )
  }

  async #take(): Promise<void> {
    for (const intake of this.#intakes) {
      if (!(await intake.take())) continue
      this.#idleLooks = 0
      this.#isSure = false
    }
  }

  /** One at a time, and none while the last is not settled. */
  async #takeSuspect(): Promise<void> {
    this.#mayTakeNextSuspect()
    for (const intake of this.#intakes) {
      if (this.#suspect !== undefined) return
      this.#suspect = await intake.takeSuspect()
      if (this.#suspect !== undefined) intake.crew.push([this.#suspect])
    }
  }
}

/** Up to a fifth less or more, so that workers that started together do not poll together. */
function around(ms: number): number {
  return ms * (0.8 + Math.random() * 0.4)
}
