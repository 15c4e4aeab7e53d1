import { defineJob } from '../src/job/define-job.ts'
import type { Job, JobContext } from '../src/job/job.ts'
import type { StormKind } from './storm-effects.ts'

export interface StormPayload {
  readonly n: number
}

type Run = (n: number, context: JobContext) => Promise<unknown>

/** The kinds of job, with the attempts that are the default. */
export function stormJobs(
  runs: Readonly<Record<StormKind, Run>>,
): Readonly<Record<StormKind, Job<StormPayload>>> {
  const jobOf = (name: StormKind): Job<StormPayload> =>
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
  }
}
