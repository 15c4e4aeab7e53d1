import { sleep } from '@yuzuru/concurrency'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { defineJob } from '../src/job/define-job.ts'
import type { Job } from '../src/job/job.ts'
import type { TestSchema } from './open-kysely.ts'

/** How many of the queue run at once, and how many of the kind `few`. */
export const OF_QUEUE = 3
export const OF_FEW = 2

/**
 * Two kinds without limits. Their handlers hold advisory locks of a session each: of as many places as there are, one for the
 * queue, and one for the kind `few`. A process that is killed gives them up. Where none is free that is noted.
 */
export function scaledKinds(db: Kysely<TestSchema>, onEnd?: () => void): readonly Job<object>[] {
  const kind = (name: string, places: readonly RawBuilder<unknown>[]): Job<object> =>
    defineJob<object>({
      name,
      backoff: () => 5,
      run: async (_, { jobId, attempt }) => {
        await db.connection().execute(async (session) => {
          for (const place of places) {
            const { rows } = await sql<{ free: boolean }>`select ${place} as free`.execute(session)
            if (rows[0]?.free === true) continue
            await sql`insert into violations (job_id) values (${jobId}::uuid)`.execute(session)
          }
          try {
            // Longer than a look takes: what is not counted by the next one would be seen.
            await sleep(40)
            if (attempt === 1 && jobId.endsWith('7')) throw new Error('once more')
          } finally {
            await sql`select pg_advisory_unlock_all()`.execute(session)
          }
        })
        onEnd?.()
      },
    })
  return [
    kind('few', [placeOf(0, OF_QUEUE), placeOf(1, OF_FEW)]),
    kind('many', [placeOf(0, OF_QUEUE)]),
  ]
}

/** Whether one of so many places could be had. Each is tried until one is. */
function placeOf(space: number, places: number): RawBuilder<unknown> {
  const tries = Array.from(
    { length: places },
    (_, place) => sql`pg_try_advisory_lock(${sql.lit(space)}, ${sql.lit(place)})`,
  )
  return sql`(${sql.join(tries, sql` or `)})`
}
