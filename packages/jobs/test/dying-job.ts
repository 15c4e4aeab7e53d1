import { defineJob } from '../src/job/define-job.ts'
import type { Job, JobContext } from '../src/job/job.ts'

export interface DyingSchema {
  readonly effects: { readonly job_id: string; readonly step: string }
  /** The jobs that have killed their process: each does it once. */
  readonly deaths: { readonly job_id: string }
}

/** At which of its places a handler kills its process. */
export interface Dying {
  readonly dieAt: number
}

/** How many such places a handler has. */
export const PLACES = 8

export function dyingJob(run: (payload: Dying, context: JobContext) => Promise<void>): Job<Dying> {
  return defineJob({ name: 'dying', attempts: 50, run })
}
