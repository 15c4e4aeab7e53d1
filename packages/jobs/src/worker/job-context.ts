import type { CancelScope } from '@yuzuru/concurrency'
import type { QueryExecutorProvider } from 'kysely'
import { completeIn } from '../engine/complete.ts'
import type { ClaimedJob } from '../engine/lease.ts'
import type { Job, JobContext, Snooze } from '../job/job.ts'
import { expectResult, resultText } from '../job/job-result.ts'
import { cronOf, type CronOrigin } from '../job/origin.ts'
import type { Step } from '../job/step.ts'
import { dependenciesOf } from '../queue/dependencies.ts'
import { expectSnooze } from './snooze.ts'

/** The attempt that a handler is called in. */
export interface ContextParts {
  readonly job: Job
  readonly claimed: ClaimedJob
  readonly db: QueryExecutorProvider
  readonly steps: { readonly step: Step }
  completesItself: boolean
  isCompleting: boolean
  snoozed: Snooze | undefined
  say(value: unknown): void
  expectCompletable(tx: object): void
}

/** What the handler knows. Dates and signals are made only for those that ask. */
export class Context implements JobContext {
  readonly #scope: CancelScope
  readonly #claimed: ClaimedJob
  readonly #attempt: ContextParts
  readonly completeIn: JobContext['completeIn']

  constructor(attempt: ContextParts, scope: CancelScope) {
    this.#scope = scope
    this.#attempt = attempt
    this.#claimed = attempt.claimed
    this.completeIn = async (tx, value) => {
      attempt.expectCompletable(tx)
      await expectResult(attempt.job, value)
      const result = resultText(attempt.job, value)
      attempt.completesItself = true
      attempt.isCompleting = true
      await completeIn(tx, attempt.claimed, result)
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

  get step(): Step {
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
      expectSnooze(until)
      this.#attempt.snoozed = until
    }
  }

  get signal(): AbortSignal {
    return this.#scope.signal
  }
}
