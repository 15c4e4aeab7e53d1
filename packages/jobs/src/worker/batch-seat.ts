import type { QueryExecutorProvider, Transaction } from 'kysely'
import { expectOpen } from '../database/expect-open.ts'
import { completeTogether, leaseLost } from '../engine/complete.ts'
import type { Lease } from '../engine/lease.ts'
import type { Job } from '../job/job.ts'
import { expectResult, resultText } from '../job/job-result.ts'
import type { Seat, SeatEnd } from '../job/seat.ts'
import { inTransactionOf } from './in-transaction.ts'

/** The attempt at a job that is put into a batch. */
export interface SeatedAttempt {
  readonly job: Job
  readonly claimed: Lease
  readonly db: QueryExecutorProvider
  completesItself: boolean
  isCompleting: boolean
}

/** What a worker lends of an attempt to a batch in a transaction. */
export class BatchSeat implements Seat {
  readonly #attempt: SeatedAttempt

  constructor(attempt: SeatedAttempt) {
    this.#attempt = attempt
  }

  get lease(): Lease {
    return this.#attempt.claimed
  }

  async resultText(value: unknown): Promise<string | undefined> {
    const { job } = this.#attempt
    await expectResult(job, value)
    return resultText(job, value)
  }

  async transaction(body: (tx: Transaction<unknown>) => Promise<void>): Promise<void> {
    await inTransactionOf(this.#attempt.db, body)
  }

  async completeAll(
    tx: Transaction<unknown>,
    ends: readonly SeatEnd[],
  ): Promise<ReadonlyMap<string, unknown>> {
    const given = ends.map(({ seat, result }) => ({ lease: seat.lease, result }))
    await expectOpen(tx, 'completeIn')
    const done = new Set(await completeTogether(tx, given))
    const lost = given.map(({ lease }) => lease.id).filter((id) => !done.has(id))
    return new Map(lost.map((id) => [id, leaseLost(id)]))
  }

  completing(): void {
    this.#attempt.completesItself = true
    this.#attempt.isCompleting = true
  }

  rolledBack(): void {
    this.#attempt.completesItself = false
    this.#attempt.isCompleting = false
  }
}
