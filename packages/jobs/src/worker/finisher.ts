import { withTimeout } from '@yuzuru/concurrency'
import { retry } from '@yuzuru/concurrency/resilience'
import type { QueryExecutorProvider } from 'kysely'
import type { Attempt, AttemptResult } from './attempt.ts'
import type { JobState } from '../job/job-state.ts'
import { settle } from './settle.ts'
import type { AttemptInfo, WorkerEvent } from './worker-event.ts'

/** Sees an attempt through: runs it, writes down what came of it, and emits its events. */
export class Finisher {
  readonly #db: QueryExecutorProvider
  readonly #leaseMs: number
  readonly #emit: (event: WorkerEvent) => void

  constructor(db: QueryExecutorProvider, leaseMs: number, emit: (event: WorkerEvent) => void) {
    this.#db = db
    this.#leaseMs = leaseMs
    this.#emit = emit
  }

  /** Never throws: what could not be written down, the expiring lease brings back. */
  async see(attempt: Attempt): Promise<void> {
    const { id, name, attempt: number } = attempt.claimed
    const info: AttemptInfo = { jobId: id, name, attempt: number }
    this.#emit({ type: 'started', ...info })
    const result = await attempt.run()
    if (result.stopped === 'lost') {
      this.#emit({ type: 'lost', ...info })
      return
    }
    try {
      const state = await this.#settle(attempt, result)
      this.#emit(eventOf(info, result, state))
    } catch (error) {
      this.#emit({ type: 'error', operation: 'settle', error })
    }
  }

  /** Tried again while the lease can hold: doing it twice is the same as once. */
  async #settle(attempt: Attempt, { settlement }: AttemptResult): Promise<JobState | undefined> {
    const once = (): Promise<JobState | undefined> =>
      settle(this.#db, attempt.claimed, settlement, { timeoutMs: this.#leaseMs })
    return await withTimeout(this.#leaseMs, () =>
      retry(once, { attempts: 20, maxDelayMs: 2_000, idempotent: true }),
    )
  }
}

function eventOf(
  info: AttemptInfo,
  { settlement, error }: AttemptResult,
  state: JobState | undefined,
): WorkerEvent {
  if (state === undefined || state === 'running') return { type: 'lost', ...info }
  if (state === 'failed') return { type: 'failed', error, ...info }
  if (state !== 'waiting') return { type: state, ...info }
  if (settlement.refund === true) return { type: 'returned', error, ...info }
  return { type: 'retrying', error, delayMs: settlement.delayMs ?? 0, ...info }
}
