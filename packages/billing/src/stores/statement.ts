import { CompiledQuery, type QueryExecutorProvider, type QueryResult } from 'kysely'

/** What can be run on a database: a {@link statement}, or one that Kysely composes. */
export interface Statement<R> {
  execute(db: QueryExecutorProvider): Promise<QueryResult<R>>
}

/**
 * A statement whose text was written once: to compose it anew for every call costs more than the rest of the call.
 *
 * @param text with `$1`, `$2` … in the place of the parameters
 */
export function statement<R>(text: string, parameters: readonly unknown[]): Statement<R> {
  return {
    execute: (db) => db.getExecutor().executeQuery<R>(CompiledQuery.raw(text, [...parameters])),
  }
}
