import type { CompiledQuery } from 'kysely'
import { expected, fieldOf } from '@yuzuru/concurrency/boundary'

const declared = new WeakSet<object>()

/**
 * Has connections of our own prepare a statement when its text comes the third time on one, so that PostgreSQL
 * parses it once for five uses, and an INSERT of values once for all. Gives the query back.
 *
 * For a statement whose text is the same each time, and which runs often. Between two readings of its text it
 * keeps what its names, parameters without a cast, and literals such as `'now'` meant at the first: so the text
 * names PostgreSQL's own types and tables that nothing else is put before, and has no such literal.
 *
 * Nothing is prepared on a pool that was passed in, behind a pooler that shares out connections (PgBouncer in
 * transaction mode), on a connection that a `SET` has changed, and in a transaction if it may give rows.
 *
 * @throws {TypeError} unless it is a compiled query
 * @example
 * const open = sql<{ n: number }>`select count(*)::int as n from plans where office_id = ${'7'}::text`
 * const { rows } = await db.executeQuery(prepared(open.compile(db)))
 */
export function prepared<R>(query: CompiledQuery<R>): CompiledQuery<R> {
  if (typeof fieldOf(query, 'sql') !== 'string') throw expected('a compiled query', query)
  declared.add(query)
  return query
}

/** Whether it was declared to be one that is prepared. */
export function isPrepared(query: CompiledQuery): boolean {
  return declared.has(query)
}
