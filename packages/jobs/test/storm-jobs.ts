import type { Queryable } from '@yuzuru/db'
import { defineJob } from '../src/job/define-job.ts'
import type { Job, JobContext } from '../src/job/job.ts'

export interface StormSchema {
  readonly effects: { readonly job_id: string }
}

export const STORM_LEASE_MS = 1_000

type Run = (jobId: string, context: JobContext) => Promise<unknown>

/** The two kinds of job, with the attempts that are the default. */
export function stormJobs(runs: { readonly plain: Run; readonly transactional: Run }): {
  readonly plain: Job<{ n: number }>
  readonly transactional: Job<{ n: number }>
} {
  const jobOf = (name: 'plain' | 'transactional'): Job<{ n: number }> =>
    defineJob({
      name,
      run: async (_, context) => {
        await runs[name](context.jobId, context)
      },
    })
  return { plain: jobOf('plain'), transactional: jobOf('transactional') }
}

export async function effectOf(db: Queryable<StormSchema>, jobId: string): Promise<void> {
  await db.insertInto('effects').values({ job_id: jobId }).execute()
}
