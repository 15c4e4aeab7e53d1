import { outcomeOf } from '@yuzuru/concurrency'
import type { Kysely } from 'kysely'
import { claim, type ClaimRequest, claimSuspect, type Taken } from '../engine/claim.ts'
import { claimAged } from '../engine/claim-aged.ts'
import { Bounds, type Lane } from '../engine/lane.ts'
import type { ClaimedJob } from '../engine/lease.ts'
import { targetsOf, withinPlaces } from '../engine/within-places.ts'
import { Aging } from './aging.ts'
import { Attempt, type AttemptParts } from './attempt.ts'
import type { Crew } from './crew.ts'
import type { Incarnation } from './incarnation.ts'
import { LookAgain } from './look-again.ts'
import { MOST, Prefetch } from './prefetch.ts'
import type { Roster } from './roster.ts'
import type { WorkerSettings } from './worker-options.ts'

/** How many attempts may wait to be written down before no more jobs are taken. */
const MOST_UNSETTLED = 2 * MOST

/** What an {@link Intake} works with. */
export interface IntakeParts {
  readonly db: Kysely<unknown>
  /** What its attempts are lent. */
  readonly attempts: AttemptParts
  readonly settings: WorkerSettings
  readonly roster: Roster
  /** How many attempts are not written down. */
  readonly unsettled: () => number
  /** Whether the worker ends when nothing is due and nothing is under way. */
  readonly untilIdle: boolean
}

/** Takes the jobs of some kinds for a crew: no more than that has places for, and a little ahead. */
export class Intake {
  readonly crew: Crew
  readonly names: readonly string[]
  readonly #parts: IntakeParts
  readonly #bounds: Bounds
  readonly #prefetch = new Prefetch()
  readonly #aging: Aging
  readonly #again: LookAgain
  readonly #suspectAgain: LookAgain
  #mayFind = true
  readonly #placesAging: Aging
  readonly #placesAgain: LookAgain
  #targets: readonly string[] = []
  /** Those of its lanes of which the kind or the queue has a number of places. */
  #scaled: readonly Lane[] = []
  #mayFindPlaces = false

  constructor(parts: IntakeParts, crew: Crew, names: readonly string[]) {
    const { queues, agingMs, pollMs } = parts.settings
    this.crew = crew
    this.names = names
    this.#parts = parts
    this.#aging = new Aging(agingMs)
    this.#placesAging = new Aging(agingMs)
    this.#again = LookAgain.atPassedOver(pollMs)
    this.#placesAgain = LookAgain.atPassedOver(pollMs)
    this.#suspectAgain = LookAgain.atPassedOver(pollMs)
    this.#bounds = new Bounds(queues.flatMap((queue) => names.map((name) => ({ queue, name }))))
  }

  /** Whether a look may find something. */
  get mayFind(): boolean {
    return this.#mayFind || this.#mayFindPlaces
  }

  set mayFind(may: boolean) {
    this.#mayFind = may
    this.#mayFindPlaces = may && this.#scaled.length > 0
  }

  /** Some have ended, here: of what has a number of places others may go. */
  ended(): void {
    if (this.#scaled.length > 0) this.#mayFindPlaces = true
  }

  /** @param targets the kinds and queues that have a number of places, as they were found anew */
  scaled(targets: readonly string[]): void {
    if (targets === this.#targets) return
    this.#targets = targets
    const all = new Set(targets)
    this.#scaled =
      all.size === 0
        ? []
        : this.#bounds.lanes.filter((lane) => targetsOf(lane).some((target) => all.has(target)))
    this.#mayFindPlaces = this.#scaled.length > 0
  }

  /** There is something anywhere in its lanes, perhaps. */
  mayFindAnywhere(): void {
    this.#bounds.clear()
    this.mayFind = true
  }

  /** There is something before where it looked last, perhaps: the next look is at all of its lanes. */
  clearBounds(): void {
    this.#bounds.clear()
  }

  /** Whether a look now may take something. */
  get isReady(): boolean {
    return (this.#mayFind && this.room() > 0) || (this.#mayFindPlaces && this.#placesRoom() > 0)
  }

  /**
   * When to look though nothing is announced, on this process's clock: again at what was passed over, and at all of its
   * lanes, where one with bounds may have missed something. Where a look is to be made already, there is no room: that
   * time may have passed, and to wait for it would be to spin.
   */
  get lookAt(): number {
    if (this.mayFind) return Infinity
    const fullLookAt = this.#bounds.any ? this.#bounds.fullLookAt : Infinity
    return Math.min(fullLookAt, this.#again.at, this.#suspectAgain.at, this.#placesAgain.at)
  }

  /** Whether others had something locked that it would have taken, and may take soon. */
  get isNear(): boolean {
    return this.#again.isNear || this.#suspectAgain.isNear || this.#placesAgain.isNear
  }

  /** Whether attempts that are settled make no room, as there is room to settle many more. */
  get isFull(): boolean {
    return this.#parts.unsettled() + MOST < MOST_UNSETTLED && this.room() === 0
  }

  /** How many jobs to take now: none before the low-water mark is reached. */
  room(): number {
    const { target } = this.#prefetch
    const { waiting, free } = this.crew
    if (waiting > target / 2 || (target === 0 && free <= waiting)) return 0
    if (this.#parts.unsettled() >= MOST_UNSETTLED) return 0
    return Math.min(MOST, Math.max(0, free + target - waiting))
  }

  /** None ahead: what waits here would take the places of what could run elsewhere. */
  #placesRoom(): number {
    return Math.min(this.room(), this.crew.free - this.crew.waiting)
  }

  /** @returns whether it took any */
  async take(): Promise<boolean> {
    this.#prefetch.measure(this.crew.ended)
    const some = await this.#takeWithinPlaces()
    return (await this.#takeOpen()) || some
  }

  /** Of what has a number of places. */
  async #takeWithinPlaces(): Promise<boolean> {
    const limit = this.#placesRoom()
    if (!this.#mayFindPlaces || limit <= 0) return false
    this.#mayFindPlaces = false
    const { agingMs } = this.#parts.settings
    const options = this.#options()
    const aging = this.#placesAging
    const { attempts, passedOver } = await this.#claimWithin(async (tx, request) => {
      const startedAt = performance.now()
      const most = aging.most(request.limit, startedAt)
      const aged = { ...request, limit: most, agingMs }
      const old = most === 0 ? [] : await claimAged(tx, aged, options)
      const now = performance.now()
      if (most > 0) aging.took(old.length, now, now - startedAt)
      const rest = request.limit - old.length
      if (rest === 0) return { jobs: old, passedOver: false }
      const found = await claim(tx, { ...request, limit: rest }, options)
      aging.tookByPriority(found.jobs.length, rest)
      return { jobs: [...old, ...found.jobs], passedOver: found.passedOver }
    }, limit)
    this.#placesAgain.looked(passedOver)
    this.crew.push(attempts)
    if (attempts.length >= limit) this.#mayFindPlaces = true
    return attempts.length > 0
  }

  async #takeOpen(): Promise<boolean> {
    const aged = this.#mayFind ? await this.#takeAged() : 0
    const limit = this.room()
    if (!this.#mayFind || limit === 0) return aged > 0
    const startedAt = performance.now()
    this.#bounds.renew(startedAt)
    const hadBounds = this.#bounds.any
    // What is announced while this is under way is looked for after it.
    this.#mayFind = false
    const { attempts, passedOver } = await this.#claim(async (request) => {
      return await claim(this.#parts.db, request, this.#options())
    }, limit)
    this.#again.looked(passedOver)
    this.#aging.tookByPriority(attempts.length, limit)
    if (!hadBounds) this.#bounds.looked(performance.now(), performance.now() - startedAt)
    this.crew.push(attempts)
    if (attempts.length >= limit) this.#mayFind = true
    else if (hadBounds && (this.#bounds.isCheap || this.#parts.untilIdle)) this.mayFindAnywhere()
    return attempts.length + aged > 0
  }

  /** Before those of better priorities: what has waited for long enough. @returns how many it took */
  async #takeAged(): Promise<number> {
    const { db, settings } = this.#parts
    const startedAt = performance.now()
    const limit = this.#aging.most(this.room(), startedAt)
    if (limit === 0) return 0
    const { attempts } = await this.#claim(async (request) => {
      const aged = { ...request, agingMs: settings.agingMs }
      return { jobs: await claimAged(db, aged, this.#options()), passedOver: false }
    }, limit)
    const now = performance.now()
    this.#aging.took(attempts.length, now, now - startedAt)
    this.crew.push(attempts)
    return attempts.length
  }

  /** Takes one that ran when its worker vanished, if there is a place for it. */
  async takeSuspect(): Promise<Attempt | undefined> {
    if (this.crew.free === 0) return undefined
    const { attempts, passedOver } = await this.#claim(async (request) => {
      return await claimSuspect(this.#parts.db, request, this.#options())
    }, 1)
    if (attempts.length > 0 || this.#scaled.length === 0) {
      this.#suspectAgain.looked(passedOver)
      return attempts[0]
    }
    const within = await this.#claimWithin(async (tx, request) => {
      return await claimSuspect(tx, request, this.#options())
    }, 1)
    this.#suspectAgain.looked(passedOver || within.passedOver)
    return within.attempts[0]
  }

  async #claimWithin(
    take: (tx: Kysely<unknown>, request: ClaimRequest) => Promise<Taken>,
    limit: number,
  ): Promise<{ readonly attempts: Attempt[]; readonly passedOver: boolean }> {
    const lanes = this.#scaled
    return await this.#claim(async ({ worker }) => {
      return await withinPlaces(this.#parts.db, { lanes, limit, worker }, take, this.#options())
    }, limit)
  }

  async #claim(
    take: (request: ClaimRequest) => Promise<Taken>,
    limit: number,
  ): Promise<{ readonly attempts: Attempt[]; readonly passedOver: boolean }> {
    const incarnation = await this.#parts.roster.current()
    try {
      const request = { bounds: this.#bounds, limit, worker: incarnation.id }
      const { jobs, passedOver } = await take(request)
      return { attempts: jobs.flatMap((job) => this.#attemptAt(job, incarnation)), passedOver }
    } catch (error) {
      // It may have taken some that nobody here knows of.
      if (outcomeOf(error) !== 'none') incarnation.retire()
      throw error
    }
  }

  #attemptAt(claimed: ClaimedJob, incarnation: Incarnation): Attempt | readonly [] {
    const job = this.#parts.settings.jobs.get(claimed.name)
    if (job === undefined) return []
    const attempt = new Attempt(job, claimed, incarnation, this.#parts.attempts)
    incarnation.held.add(attempt)
    if (incarnation.state === 'lost') incarnation.lose()
    return attempt
  }

  #options(): { readonly timeoutMs: number } {
    return { timeoutMs: this.#parts.settings.leaseMs }
  }
}
