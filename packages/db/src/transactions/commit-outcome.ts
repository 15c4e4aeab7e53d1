import { sleep } from '@yuzuru/concurrency'
import { CompiledQuery } from 'kysely'
import { DbError } from '../wire/db-error.ts'
import type { Queryable } from '../statements/queryable.ts'

/** What became of a transaction. `'forgotten'`: it is so long ago that the server no longer knows. */
export type CommitOutcome = 'committed' | 'aborted' | 'forgotten'

const FIRST_DELAY_MS = 20
const MAX_DELAY_MS = 1_000

/**
 * Asks the server what became of a transaction whose COMMIT got no answer. While the server has not
 * noticed the loss it waits for it; put a `withTimeout` around it for a bound.
 *
 * https://www.postgresql.org/docs/current/functions-info.html, `pg_xact_status`
 *
 * @param error a `DbError` with code `commit_unknown`; give it the `db` that it came from
 * @throws {TypeError} for any other error
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
  // Without an id it wrote nothing, so there was nothing to commit.
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
