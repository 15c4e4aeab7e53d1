import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { execute } from '../database/execute.ts'

interface Plan {
  readonly 'QUERY PLAN': unknown
}

/**
 * How many rows PostgreSQL's planner expects of a `select`, from the statistics that it keeps of the table and
 * the table's present size. It runs nothing, and reads none of the rows.
 */
export async function plannedRows(
  db: QueryExecutorProvider,
  select: RawBuilder<unknown>,
  options: IoOptions,
): Promise<number> {
  const [row] = await execute(
    db,
    { operation: 'jobStats', effect: 'read' },
    sql<Plan>`explain (format json) ${select}`,
    options,
  )
  const plan = row?.['QUERY PLAN']
  const parsed: unknown = typeof plan === 'string' ? JSON.parse(plan) : plan
  const [first] = parsed as readonly [{ readonly Plan: { readonly 'Plan Rows': number } }]
  return Math.round(first.Plan['Plan Rows'])
}
