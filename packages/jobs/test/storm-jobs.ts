import type { BatchContext } from '../src/job/batch-item.ts'
import { defineBatchJob } from '../src/job/define-batch-job.ts'
import { defineJob } from '../src/job/define-job.ts'
import type { Job, JobContext } from '../src/job/job.ts'
import type { StormKind } from './storm-effects.ts'

export interface StormPayload {
  readonly n: number
}

type Run<Context = JobContext> = (n: number, context: Context) => Promise<unknown>

/** What is done of each job of each kind. */
interface Runs extends Readonly<Record<Exclude<StormKind, 'batched'>, Run>> {
  readonly batched: Run<BatchContext>
}

/** The kinds of job, with the attempts that are the default. */
export function stormJobs(runs: Runs): Readonly<Record<StormKind, Job<StormPayload>>> {
  const jobOf = (name: Exclude<StormKind, 'batched'>): Job<StormPayload> =>
    defineJob({
      name,
      run: async ({ n }, context) => {
        await runs[name](n, context)
      },
    })
  return {
    plain: jobOf('plain'),
    transactional: jobOf('transactional'),
    stepped: jobOf('stepped'),
    batched: defineBatchJob<StormPayload>({
      name: 'batched',
      mode: 'transactional',
      size: 4,
      maxWaitMs: 20,
      run: async (items, context) => {
        for (const { payload } of items) await runs.batched(payload.n, context)
      },
    }),
  }
}
