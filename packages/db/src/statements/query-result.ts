import type { CompiledQuery, QueryResult } from 'kysely'
import type { PgResult } from '../wire/pg-client.ts'
import { tapped } from './row-tap.ts'

const COUNTING = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

/** What Kysely takes for the result of a query. */
export function toQueryResult<R>(
  { command, rowCount, rows: found }: PgResult,
  query: CompiledQuery,
): QueryResult<R> {
  const rows = tapped(query, found) as R[]
  if (!COUNTING.has(command)) return { rows }
  return { rows, numAffectedRows: BigInt(rowCount ?? 0) }
}
