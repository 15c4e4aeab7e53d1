import type { QueryExecutorProvider } from 'kysely'
import { sql } from 'kysely'
import { defineBatchJob } from '../src/job/define-batch-job.ts'
import type { Job } from '../src/job/job.ts'

/** How many jobs make a batch. */
export const SIZE = 6

/** How many statements its transaction has: BEGIN, the effects, the lock, the ends of its jobs, COMMIT. */
export const STATEMENTS = 5

/** A batch in a transaction, which notes an effect of each of its jobs. */
export function dyingBatch(): Job<{ n: number }> {
  return defineBatchJob<{ n: number }>({
    name: 'dying-batch',
    mode: 'transactional',
    size: SIZE,
    maxWaitMs: 200,
    attempts: 50,
    backoff: () => 0,
    run: async (items, { tx }) => {
      const ids = items.map(({ jobId }) => jobId)
      await sql`insert into effects (job_id, pid)
        select id, 0 from unnest(${`{${ids.join()}}`}::uuid[]) as id`.execute(
        tx() as QueryExecutorProvider,
      )
    },
  })
}
