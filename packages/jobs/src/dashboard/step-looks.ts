import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { execute } from '../database/execute.ts'

/** A step that a job has finished, or a sleep that it has begun, without its result. */
export interface StepLook {
  readonly name: string
  /** In milliseconds since 1970, by the database's clock. */
  readonly from: number
  /** When it finished, or when the sleep is over. */
  readonly to: number
  readonly isSleep: boolean
}

/** The steps of a job, in the order in which they began. A job has 1,000 at the most. */
export async function loadSteps(
  db: QueryExecutorProvider,
  id: string,
  options: IoOptions,
): Promise<StepLook[]> {
  const rows = await execute(
    db,
    { operation: 'dashboard', effect: 'read' },
    sql<{ name: string; took: number; finished: number; wake: number | null }>`
      select name, took_ms as took, date_part('epoch', finished_at) * 1000 as finished,
        -- JavaScript has no time after the year 275760.
        case when wake_at is not null then least(date_part('epoch', wake_at) * 1000, 8.64e15) end as wake
      from yuzuru_job_steps where job_id = ${id}::uuid limit 1000`,
    options,
  )
  const steps = rows.map(({ name, took, finished, wake }) => ({
    name,
    from: wake === null ? finished - took : finished,
    to: wake ?? finished,
    isSleep: wake !== null,
  }))
  return steps.toSorted((a, b) => a.from - b.from)
}
