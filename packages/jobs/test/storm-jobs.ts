import type { Queryable } from '@yuzuru/db'
import { defineJob } from '../src/job/define-job.ts'
import type { Job, JobContext } from '../src/job/job.ts'

export interface StormSchema {
  readonly effects: { readonly job_id: string }
}

export const STORM_LEASE_MS = 1_000

type Kind = 'plain' | 'transactional' | 'stepped'
type StormJob = Job<{ n: number }>
type Run = (jobId: string, context: JobContext) => Promise<unknown>

/** The kinds of job, with the attempts that are the default. */
export function stormJobs(runs: Readonly<Record<Kind, Run>>): Readonly<Record<Kind, StormJob>> {
  const jobOf = (name: Kind): StormJob =>
    defineJob({
      name,
      run: async (_, context) => {
        await runs[name](context.jobId, context)
      },
    })
  return {
    plain: jobOf('plain'),
    transactional: jobOf('transactional'),
    stepped: jobOf('stepped'),
  }
}

export async function effectOf(db: Queryable<StormSchema>, jobId: string): Promise<void> {
  await db.insertInto('effects').values({ job_id: jobId }).execute()
}
