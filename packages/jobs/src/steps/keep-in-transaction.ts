import { isRetryable, type Outcome, sleep, throwIfCancelled } from '@yuzuru/concurrency'
import { backoff } from '@yuzuru/concurrency/boundary'
import { commitOutcome, databaseOf, DbError, type Queryable, transaction } from '@yuzuru/db'
import { sql, type Transaction } from 'kysely'
import { databaseError } from '../database/database-error.ts'
import { execute } from '../database/execute.ts'
import { plainTransaction } from '../database/plain-transaction.ts'
import type { Lease } from '../engine/lease.ts'
import { hasStep } from './step-store.ts'

/** The step that a transaction keeps. */
export interface StepInTransaction {
  readonly lease: Lease
  readonly name: string
  /** Called when it is not known whether a transaction was committed. */
  readonly inDoubt: () => void
}

/** How often a transaction is run again of which the server has said that it was not committed. */
const ROUNDS = 3

/**
 * Runs `fn` in a transaction. Where COMMIT got no answer, the server is asked what became of it: it was
 * committed, and the value of `fn` stands; or it was not, and `fn` is run again, unless it had an effect elsewhere.
 *
 * @param fn says whether what it did beside the transaction may have had an effect
 */
export async function keepInTransaction<T>(
  db: Queryable<unknown>,
  step: StepInTransaction,
  fn: (tx: Transaction<unknown>, did: (beside: Outcome) => void) => Promise<T>,
): Promise<T> {
  for (let round = 1; ; round += 1) {
    const done: { value?: T; isWritten: boolean; beside: Outcome } = {
      isWritten: false,
      beside: 'none',
    }
    const body = async (tx: Transaction<unknown>): Promise<void> => {
      done.value = await fn(tx, (beside) => (done.beside = beside))
      done.isWritten = true
    }
    try {
      if (databaseOf(db) === undefined) await plainTransaction(db, body)
      else await transaction(db, body)
      return done.value as T
    } catch (error) {
      if (!done.isWritten || !isInDoubt(error)) throw error
      step.inDoubt()
      throwIfCancelled()
      if (await wasCommitted(db, step, error)) return done.value as T
      // What it did beside the transaction was not undone with it.
      if (round === ROUNDS || done.beside === 'unknown') throw error
    }
  }
}

function isInDoubt(error: unknown): boolean {
  if (DbError.isInstance(error)) return error.code === 'commit_unknown'
  return databaseError('step', error, 'unknown').outcome === 'unknown'
}

const delayMs = backoff({ baseDelayMs: 50, maxDelayMs: 2_000 })

/** Asks until there is an answer; the scope around the handler limits it. */
async function wasCommitted(
  db: Queryable<unknown>,
  step: StepInTransaction,
  doubt: unknown,
): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      const outcome = DbError.isInstance(doubt) ? await commitOutcome(db, doubt) : 'forgotten'
      return outcome === 'forgotten' ? await look(db, step) : outcome === 'committed'
    } catch (error) {
      throwIfCancelled()
      const failure = DbError.isInstance(error) ? error : databaseError('step', error, 'none')
      if (!isRetryable(failure)) throw error
      await sleep(delayMs(tries))
    }
  }
}

/** Waits for the lock that the transaction in doubt has on the job's row, if it is still open, and then looks. */
async function look(db: Queryable<unknown>, { lease, name }: StepInTransaction): Promise<boolean> {
  return await db.transaction().execute(async (tx) => {
    const locked = sql`select from yuzuru_jobs where id = ${lease.id}::uuid for update`
    await execute(tx, { operation: 'step', effect: 'read' }, locked)
    return await hasStep(tx, lease, name, {})
  })
}
