import type { CancelScope } from '@yuzuru/concurrency'
import type { QueryExecutorProvider, Transaction } from 'kysely'
import type { ClaimedJob } from '../engine/lease.ts'
import type { JobContext, Snooze } from '../job/job.ts'
import { cronOf, type CronOrigin } from '../job/origin.ts'
import type { Isolation } from '../job/isolation.ts'
import type { RunsOn } from '../job/runs-on.ts'
import type { Seat, Seated } from '../job/seat.ts'
import type { Step } from '../job/step.ts'
import { dependenciesOf } from '../queue/dependencies.ts'
import { BatchSeat, type SeatedAttempt } from './batch-seat.ts'
import { expectSnooze } from './snooze.ts'

/** The attempt that a handler is called in. */
export interface ContextParts extends SeatedAttempt {
  readonly claimed: ClaimedJob
  readonly isolation: Isolation
  readonly steps: { readonly step: Step }
  /** That of a handler of `mode: 'transactional'`. */
  readonly tx: Transaction<unknown> | undefined
  snoozed: Snooze | undefined
  say(value: unknown): void
  expectCompletable(tx: object): void
  completeIn(tx: QueryExecutorProvider, value: unknown): Promise<void>
}

/** What the handler knows. Dates and signals are made only for those that ask. */
export class Context implements JobContext, RunsOn, Seated {
  readonly #scope: CancelScope
  readonly #claimed: ClaimedJob
  readonly #attempt: ContextParts

  constructor(attempt: ContextParts, scope: CancelScope) {
    this.#scope = scope
    this.#attempt = attempt
    this.#claimed = attempt.claimed
  }

  get completeIn(): JobContext['completeIn'] {
    return async (tx, value) => {
      this.#expectNoTransaction('completeIn')
      this.#attempt.expectCompletable(tx)
      await this.#attempt.completeIn(tx, value)
    }
  }

  get jobId(): string {
    return this.#claimed.id
  }

  get attempt(): number {
    return this.#claimed.attempt
  }

  get attempts(): number {
    return this.#claimed.attempts
  }

  get enqueuedAt(): Date {
    return new Date(this.#claimed.enqueuedAt)
  }

  get progress(): JobContext['progress'] {
    return (value) => this.#attempt.say(value)
  }

  get tx(): JobContext['tx'] {
    return <DB>() => {
      const { tx } = this.#attempt
      if (tx !== undefined) return tx as Transaction<DB>
      throw new TypeError("Expected a job of mode: 'transactional', got tx() in one without it")
    }
  }

  get step(): Step {
    this.#expectNoTransaction('step')
    return this.#attempt.steps.step
  }

  get dependencies(): JobContext['dependencies'] {
    return async () => await dependenciesOf(this.#attempt.db, this.#claimed.id, {})
  }

  get cron(): CronOrigin | undefined {
    return cronOf(this.#claimed.origin)
  }

  get snooze(): JobContext['snooze'] {
    return (until) => {
      this.#expectNoTransaction('snooze')
      expectSnooze(until)
      this.#attempt.snoozed = until
    }
  }

  get runsOn(): object {
    return this.#attempt.db
  }

  get seat(): Seat {
    return new BatchSeat(this.#attempt)
  }

  get isolation(): Isolation {
    return this.#attempt.isolation
  }

  get signal(): AbortSignal {
    return this.#scope.signal
  }

  /** What ends the handler otherwise than its transaction does. */
  #expectNoTransaction(what: string): void {
    if (this.#attempt.job.mode === undefined) return
    throw new TypeError(`Expected a job without mode: 'transactional', got ${what} in one with it`)
  }
}
