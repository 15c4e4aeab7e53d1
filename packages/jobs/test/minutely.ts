import { type Cron, defineCron } from '../src/cron/define-cron.ts'
import { defineJob } from '../src/job/define-job.ts'
import type { Job } from '../src/job/job.ts'

/** A kind that no worker of the race runs, so that its jobs stay to be counted. */
const counted: Job<{ made: number }> = defineJob<{ made: number }>({
  name: 'counted',
  run: async () => undefined,
})

export const other: Job<object> = defineJob<object>({ name: 'other', run: async () => undefined })

/** A cron whose missed times are all made up for. */
export function minutely(payload: (at: Date) => { made: number }): Cron {
  return defineCron({
    name: 'minutely',
    job: counted,
    schedule: '* * * * *',
    payload,
    missed: 'all',
  })
}
