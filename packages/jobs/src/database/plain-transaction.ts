import type { Kysely, Transaction } from 'kysely'

/** What Kysely is given in place of what `body` threw. */
class RolledBack extends Error {}

/**
 * Runs `body`, which calls code of others, in a transaction of Kysely's own. Kysely looks at what was thrown before it
 * rolls back. An `AbortedTransactionError`, of another database say, and what throws when it is looked at have it keep the
 * transaction open on a connection that goes back to the pool, where the next one commits it. So it sees neither.
 *
 * @throws what `body` threw, certainly rolled back, also where the connection was lost before ROLLBACK
 */
export async function plainTransaction<DB, T>(
  db: Kysely<DB>,
  body: (tx: Transaction<DB>) => Promise<T>,
): Promise<T> {
  let thrown: { readonly error: unknown } | undefined
  try {
    return await db.transaction().execute(async (tx) => {
      try {
        return await body(tx)
      } catch (error) {
        thrown = { error }
        throw new RolledBack()
      }
    })
  } catch (error) {
    throw thrown === undefined ? error : thrown.error
  }
}
