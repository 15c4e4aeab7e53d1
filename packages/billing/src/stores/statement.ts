import { CompiledQuery, type QueryExecutorProvider, type QueryResult } from 'kysely'

/** What can be run on a database: a {@link statement}, or one that Kysely composes. */
export interface Statement<R> {
  execute(db: QueryExecutorProvider): Promise<QueryResult<R>>
}

/** Has `@yuzuru/db` prepare it, as `prepared(query, { plan: 'kept' })` does. Other databases do not look at it. */
const PLAN = Symbol.for('yuzuru.plan')

/**
 * A statement whose text was written once: to compose it anew for every call costs more than the rest of the call, and
 * to plan it more than to run it. There is one way to run each of them: by unique keys.
 *
 * @param text with `$1`, `$2` … in the place of the parameters
 */
export function statement<R>(text: string, parameters: readonly unknown[]): Statement<R> {
  const query = { ...CompiledQuery.raw(text, [...parameters]), [PLAN]: 'kept' }
  return { execute: (db) => db.getExecutor().executeQuery<R>(query) }
}
