import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { execute } from '../database/execute.ts'
import type { Dependency } from '../job/dependency.ts'
import type { JobState } from '../job/job-state.ts'

/** The jobs of a flow that come before one, in the order of its `after` and of their payloads. */
export async function dependenciesOf(
  db: QueryExecutorProvider,
  id: string,
  options: IoOptions,
): Promise<Dependency[]> {
  const rows = await execute(
    db,
    { operation: 'dependencies', effect: 'read' },
    sql<{ part: string; id: string; state: JobState | null; result: string | null }>`
      select link.name as part, link.after_id::text as id, before.state, before.result::text as result
      from yuzuru_job_links as link left join yuzuru_job_history as before on before.id = link.after_id
      where link.job_id = ${id}::uuid order by link.place`,
    options,
  )
  return rows.map(({ part, id: before, state, result }) => ({
    part,
    id: before,
    state: state ?? undefined,
    result: result === null ? undefined : (JSON.parse(result) as unknown),
  }))
}
