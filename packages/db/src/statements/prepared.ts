import type { CompiledQuery } from 'kysely'
import { expected, expectOptions, fieldOf } from '@yuzuru/concurrency/boundary'
import type { Plan } from '../wire/pg-client.ts'

/** Options of {@link prepared}. */
export interface PreparedOptions {
  /**
   * `'kept'`: PostgreSQL may plan it once for a second, for no values in particular. For a statement which there is one way
   * to do, such as an INSERT of values, or one that finds its rows by a unique key; others may read a whole table.
   *
   * @default 'each' (each use is planned for its values)
   */
  readonly plan?: Plan | undefined
}

const plans = new WeakMap<object, Plan>()

/**
 * Has connections of our own prepare a statement when its text comes the third time on one, so that PostgreSQL
 * parses it once for five uses. Gives the query back.
 *
 * For a statement whose text is the same each time, and which runs often. Between two readings of its text it
 * keeps what its names, parameters without a cast, and literals such as `'now'` meant at the first: so the text
 * names PostgreSQL's own types and tables that nothing else is put before, and has no such literal.
 *
 * Nothing is prepared on a pool that was passed in, behind a pooler that shares out connections (PgBouncer in
 * transaction mode), on a connection that a `SET` has changed, and in a transaction if it may give rows.
 *
 * A package that works on any Kysely, and so cannot call this, gives its compiled query the property
 * `[Symbol.for('yuzuru.plan')]: 'each' | 'kept'` instead.
 *
 * @throws {TypeError} unless it is a compiled query, or when an option is unknown or has another value
 * @example
 * const open = sql<{ n: number }>`select count(*)::int as n from plans where office_id = ${'7'}::text`
 * const { rows } = await db.executeQuery(prepared(open.compile(db)))
 */
export function prepared<R>(query: CompiledQuery<R>, options?: PreparedOptions): CompiledQuery<R> {
  if (typeof fieldOf(query, 'sql') !== 'string') throw expected('a compiled query', query)
  expectOptions(options, ['plan'], 'prepared')
  const plan = options?.plan ?? 'each'
  if (plan !== 'each' && plan !== 'kept') throw expected("plan to be 'each' or 'kept'", plan)
  plans.set(query, plan)
  return query
}

/** By which a package that works on any Kysely, and so does not know this one, declares a query of its own. */
const PLAN = Symbol.for('yuzuru.plan')

/** How it was declared to be planned, if it was declared to be one that is prepared. */
export function planOf(query: CompiledQuery): Plan | undefined {
  const declared = plans.get(query) ?? fieldOf(query, PLAN)
  return declared === 'each' || declared === 'kept' ? declared : undefined
}
