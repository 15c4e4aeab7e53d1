import { cancelScope, type CancelScope, withTimeout } from '@yuzuru/concurrency'
import type { ClaimedJob } from './claim.ts'
import type { Job } from '../job/job.ts'
import { JobError } from '../job-error.ts'
import { completeIn, type Settlement } from './settle.ts'
import { type StopCause, verdictOn } from './verdict.ts'

/** What came of an attempt; `error` is what its handler threw. */
export interface AttemptResult {
  readonly settlement: Settlement
  readonly error?: unknown
  readonly stopped: StopCause | undefined
}

/** One run of a handler, which the worker can end. */
export class Attempt {
  readonly claimed: ClaimedJob
  /** When, on this process's clock, the database last said that the lease is ours: before it was asked. */
  confirmedAt: number
  readonly #job: Job
  #scope: CancelScope | undefined = undefined
  #stop: { readonly cause: StopCause; readonly message: string } | undefined = undefined
  #ended = false

  constructor(job: Job, claimed: ClaimedJob, confirmedAt: number) {
    this.#job = job
    this.claimed = claimed
    this.confirmedAt = confirmedAt
  }

  /** Cancels the handler, also one that has not begun. A lost lease takes precedence over all other causes. */
  stop(cause: StopCause, message: string): void {
    if (this.#ended) return
    if (this.#stop === undefined || cause === 'lost') this.#stop = { cause, message }
    this.#scope?.cancel(message)
  }

  /** Calls the handler and waits until it, and all that it started, has ended. Never throws. */
  async run(): Promise<AttemptResult> {
    try {
      await cancelScope(
        async (scope) => {
          this.#scope = scope
          if (this.#stop !== undefined) scope.cancel(this.#stop.message)
          await withTimeout(this.#job.timeoutMs, (inner) => this.#handle(inner.signal), {
            name: `job ${this.#job.name}`,
          })
        },
        { name: `attempt at ${this.#job.name}` },
      )
      this.#ended = true
      return { settlement: { to: 'completed' }, stopped: this.#lost() }
    } catch (error) {
      this.#ended = true
      const { attempt, attempts, payload } = this.claimed
      const stopped = this.#stop?.cause
      const settlement = verdictOn({
        job: this.#job,
        attempt,
        attempts,
        error,
        payload,
        stopped,
      })
      return { settlement, error, stopped }
    }
  }

  async #handle(signal: AbortSignal): Promise<void> {
    const { id, attempt, attempts, enqueuedAt } = this.claimed
    await this.#job.run(this.#payload(), {
      jobId: id,
      attempt,
      attempts,
      enqueuedAt,
      signal,
      completeIn: (tx) => completeIn(tx, this.claimed),
    })
  }

  #payload(): unknown {
    const { id, payload } = this.claimed
    try {
      return this.#job.parse(JSON.parse(payload))
    } catch (cause) {
      throw new JobError(`"${this.#job.name}" no longer accepts the payload of job ${id}`, {
        operation: 'run',
        code: 'invalid_payload',
        retryable: false,
        outcome: 'none',
        cause,
      })
    }
  }

  /** A handler that came to its end in spite of a cancel has succeeded, unless the job is another's. */
  #lost(): StopCause | undefined {
    return this.#stop?.cause === 'lost' ? 'lost' : undefined
  }
}
