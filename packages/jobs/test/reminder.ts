import { defineJob } from '../src/job/define-job.ts'
import type { Job } from '../src/job/job.ts'

/** A reminder to one of the staff, sent by `send`. */
export function reminder(send: (jobId: string) => Promise<void>): Job<{ staff: number }> {
  return defineJob({
    name: 'reminder',
    run: (_, { jobId }) => send(jobId),
  })
}
