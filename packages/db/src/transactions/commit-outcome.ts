import { sleep } from '@yuzuru/concurrency'
import { CompiledQuery } from 'kysely'
import { DbError } from '../wire/db-error.ts'
import type { Queryable } from '../statements/queryable.ts'

/** Whether a transaction was committed. `'forgotten'`: it is so old that the server no longer knows. */
export type CommitOutcome = 'committed' | 'aborted' | 'forgotten'

const FIRST_DELAY_MS = 20
const MAX_DELAY_MS = 1_000

/**
 * Asks the server whether a transaction whose COMMIT got no answer was committed. While the server has not
 * noticed the lost connection the transaction is still open, and this waits: set a limit with `withTimeout`.
 * Ask the same server soon: after a failover, or when the id is too old, the answer is `'forgotten'`.
 *
 * https://www.postgresql.org/docs/current/functions-info.html, `pg_xact_status`
 *
 * @param error a `DbError` with code `commit_unknown`, thrown by this `db`
 * @throws {TypeError} for any other error
 * @throws {DbError} when the server cannot be asked
 * @example
 * catch (error) {
 *   if (!DbError.isInstance(error) || error.code !== 'commit_unknown') throw error
 *   if ((await commitOutcome(db, error)) === 'aborted') await again()
 * }
 */
export async function commitOutcome<DB>(db: Queryable<DB>, error: unknown): Promise<CommitOutcome> {
  if (!DbError.isInstance(error) || error.code !== 'commit_unknown') {
    throw new TypeError('Expected a DbError with code commit_unknown')
  }
  const { transactionId } = error
  // A transaction without an id has written nothing, so there was nothing to commit.
  if (transactionId === undefined) return 'aborted'
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(MAX_DELAY_MS, delayMs * 2)) {
    const status = await statusOf(db, transactionId)
    if (status === 'committed' || status === 'aborted') return status
    if (status === null) return 'forgotten'
    await sleep(delayMs)
  }
}

async function statusOf<DB>(db: Queryable<DB>, transactionId: string): Promise<string | null> {
  const text = 'select pg_xact_status($1::xid8) as status'
  const { rows } = await db
    .withoutPlugins()
    .executeQuery<{ status: string | null }>(CompiledQuery.raw(text, [transactionId]))
  return rows[0]?.status ?? null
}
