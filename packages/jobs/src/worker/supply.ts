import { isRetryable, outcomeOf, throwIfCancelled } from '@yuzuru/concurrency'
import type { Kysely } from 'kysely'
import { claim, type ClaimRequest, claimSuspect } from '../engine/claim.ts'
import { claimAged } from '../engine/claim-aged.ts'
import { Bounds } from '../engine/lane.ts'
import type { ClaimedJob } from '../engine/lease.ts'
import { Aging } from './aging.ts'
import { Attempt, type AttemptParts } from './attempt.ts'
import type { Crew } from './crew.ts'
import type { Incarnation } from './incarnation.ts'
import { MOST, Prefetch } from './prefetch.ts'
import type { Roster } from './roster.ts'
import { Upkeep } from './upkeep.ts'
import { Wake } from './wake.ts'
import type { WorkerEvent } from './worker-event.ts'
import type { WorkerSettings } from './worker-options.ts'

/** How many attempts may wait to be written down before no more jobs are taken. */
const MOST_UNSETTLED = 2 * MOST

/** How soon a worker that can't listen looks again after there was work, in milliseconds. */
const SOON_MS = 20

/** What a {@link Supply} works with. */
export interface SupplyParts {
  readonly db: Kysely<unknown>
  /** What its attempts are lent. */
  readonly attempts: AttemptParts
  readonly settings: WorkerSettings
  readonly roster: Roster
  readonly crew: Crew
  /** How many attempts are not written down. */
  readonly unsettled: () => number
  /** Whether it ends when nothing is due and nothing is under way. */
  readonly untilIdle: boolean
  readonly emit: (event: WorkerEvent) => void
}

/**
 * Gets jobs for the crew, on a connection of its own: as soon as what waits there has fallen to the low-water
 * mark, if there may be more; when something is announced; and at every poll.
 */
export class Supply {
  readonly #parts: SupplyParts
  readonly #bounds: Bounds
  readonly #upkeep: Upkeep
  readonly #prefetch = new Prefetch()
  readonly #aging: Aging
  readonly #wake = new Wake()
  /** Whether a look may find something. */
  #mayFind = true
  #isStopping = false
  #idleLooks = 0
  /** Whether it has looked for groups since it last found something. */
  #isSure = false
  #suspect: Attempt | undefined = undefined
  /** Whether new work is announced, so that there is no need to look often. */
  isListening = false

  constructor(parts: SupplyParts) {
    const { jobs, queues, pollMs, agingMs } = parts.settings
    const names = [...jobs.keys()]
    this.#parts = parts
    this.#aging = new Aging(agingMs)
    this.#bounds = new Bounds(queues.flatMap((queue) => names.map((name) => ({ queue, name }))))
    this.#upkeep = new Upkeep(parts, pollMs)
  }

  /** There may be more than there was. */
  look(hasSignals: boolean = false): void {
    if (hasSignals) this.#upkeep.dueIn(0)
    this.#mayFind = true
    this.#idleLooks = 0
    this.#upkeep.stir()
    this.#wake.signal()
  }

  /** Some were written down, of which the first is due again in so many milliseconds. */
  settled(againMs: number, hasSignals: boolean): void {
    this.#mayTakeNextSuspect()
    if (hasSignals) this.#upkeep.dueIn(0)
    if (this.#upkeep.stir()) this.#wake.signal()
    if (againMs === 0) this.#bounds.clear()
    if (againMs === 0 || this.#parts.untilIdle) this.#mayFind = true
    else if (againMs < Infinity) this.#upkeep.dueIn(againMs)
    else if (hasSignals) this.#wake.signal()
    else if (this.#parts.unsettled() + MOST < MOST_UNSETTLED && this.#room() === 0) return
    this.#wake.signal()
  }

  /** The crew has less to do. */
  eased(attempt: Attempt): void {
    if (attempt === this.#suspect) this.#mayTakeNextSuspect()
    else if (this.#mayFind && this.#room() > 0) this.#wake.signal()
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
      try {
        const { promoted, hasSuspects } = await this.#upkeep.run(this.#room())
        if (promoted) {
          this.#bounds.clear()
          this.#mayFind = true
        }
        if (hasSuspects) await this.#takeSuspect()
        await this.#take()
      } catch (error) {
        throwIfCancelled()
        if (untilIdle || (isFirst && !isRetryable(error))) throw error
        this.#parts.emit({ type: 'error', operation: 'claim', error })
        this.#mayFind = false
      }
      if (this.#mayFind && this.#room() > 0) continue
      if (untilIdle && !this.#mayFind && !this.#mayOpen && this.#isIdle()) {
        if (await this.#upkeep.wake()) {
          this.#bounds.clear()
          this.#mayFind = true
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

  /** Whether more may go without anything else happening. */
  get #mayOpen(): boolean {
    return this.#upkeep.isStirred || this.#upkeep.isBusy
  }

  #isIdle(): boolean {
    const { crew, unsettled } = this.#parts
    return crew.busy === 0 && crew.waiting === 0 && unsettled() === 0
  }

  async #pause(): Promise<void> {
    const { pollMs } = this.#parts.settings
    const soonMs = this.isListening ? pollMs : SOON_MS * 2 ** Math.min(this.#idleLooks, 30)
    const pollAt = performance.now() + around(Math.min(pollMs, soonMs))
    // What a look with bounds did not find, one without them will. Where one is to be made already, there is no room:
    // its time may have passed, and to wait for it would be to spin.
    const fullLookAt = this.#bounds.any && !this.#mayFind ? this.#bounds.fullLookAt : Infinity
    const stirredAt = this.#upkeep.isStirred ? -Infinity : Infinity
    const until = Math.min(pollAt, fullLookAt, this.#upkeep.at, stirredAt)
    await this.#wake.wait(Math.max(0, until - performance.now()))
    const now = performance.now()
    if (now >= pollAt || now >= fullLookAt) this.#mayFind = true
    if (now >= pollAt) this.#idleLooks += 1
  }

  /** How many jobs to take now: none before the low-water mark is reached. */
  #room(): number {
    const { crew, unsettled } = this.#parts
    const { target } = this.#prefetch
    const { waiting, free } = crew
    if (waiting > target / 2 || (target === 0 && free <= waiting)) return 0
    if (unsettled() >= MOST_UNSETTLED) return 0
    return Math.min(MOST, Math.max(0, free + target - waiting))
  }

  async #take(): Promise<void> {
    const { crew } = this.#parts
    this.#prefetch.measure(crew.ended)
    if (this.#mayFind) await this.#takeAged()
    const limit = this.#room()
    if (!this.#mayFind || limit === 0) return
    const startedAt = performance.now()
    this.#bounds.renew(startedAt)
    const hadBounds = this.#bounds.any
    // What is announced while this is under way is looked for after it.
    this.#mayFind = false
    const attempts = await this.#claim(async (request) => {
      return await claim(this.#parts.db, request, this.#options())
    }, limit)
    this.#aging.tookByPriority(attempts.length, limit)
    if (!hadBounds) this.#bounds.looked(performance.now(), performance.now() - startedAt)
    this.#parts.crew.push(attempts)
    if (attempts.length > 0) {
      this.#idleLooks = 0
      this.#isSure = false
    }
    if (attempts.length >= limit) this.#mayFind = true
    else if (hadBounds && (this.#bounds.isCheap || this.#parts.untilIdle)) {
      this.#bounds.clear()
      this.#mayFind = true
    }
  }

  /** Before those of better priorities: what has waited for long enough. */
  async #takeAged(): Promise<void> {
    const { db, settings, crew } = this.#parts
    const startedAt = performance.now()
    const limit = this.#aging.most(this.#room(), startedAt)
    if (limit === 0) return
    const attempts = await this.#claim(async (request) => {
      const aged = { ...request, agingMs: settings.agingMs }
      return await claimAged(db, aged, this.#options())
    }, limit)
    const now = performance.now()
    this.#aging.took(attempts.length, now, now - startedAt)
    crew.push(attempts)
  }

  /** One at a time, and none while the last is not settled. */
  async #takeSuspect(): Promise<void> {
    this.#mayTakeNextSuspect()
    if (this.#suspect !== undefined || this.#parts.crew.free === 0) return
    const [attempt] = await this.#claim(async (request) => {
      const job = await claimSuspect(this.#parts.db, request, this.#options())
      return job === undefined ? [] : [job]
    }, 1)
    if (attempt === undefined) return
    this.#suspect = attempt
    this.#parts.crew.push([attempt])
  }

  async #claim(
    take: (request: ClaimRequest) => Promise<ClaimedJob[]>,
    limit: number,
  ): Promise<Attempt[]> {
    const incarnation = await this.#parts.roster.current()
    try {
      const jobs = await take({ bounds: this.#bounds, limit, worker: incarnation.id })
      return jobs.flatMap((job) => this.#attemptAt(job, incarnation))
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

/** Up to a fifth less or more, so that workers that started together do not poll together. */
function around(ms: number): number {
  return ms * (0.8 + Math.random() * 0.4)
}
