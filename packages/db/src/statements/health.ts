import type { IoOptions } from '@yuzuru/concurrency'
import { askHealth, type Health } from './ask-health.ts'
import type { Queryable } from './queryable.ts'

/**
 * Runs a statement that does nothing, to see whether the database answers. It waits for a connection like
 * any query, so a full pool counts as unhealthy.
 *
 * @throws {DbError} when there is no connection or no answer
 * @throws {TimeoutError} when `timeoutMs` has passed
 * @example
 * app.get('/health', async () => Response.json(await health(db, { timeoutMs: 1_000 })))
 */
export async function health<DB>(db: Queryable<DB>, options?: IoOptions): Promise<Health> {
  return await askHealth(db, options)
}
