import { sleep } from '@yuzuru/concurrency'
import { type Kysely, sql } from 'kysely'
import { defineJob } from '../src/job/define-job.ts'
import type { Job } from '../src/job/job.ts'
import type { TestSchema } from './open-kysely.ts'

export interface LimitedPayload {
  readonly tenant: number
}

const ALL = 3
const OF_TENANT = 2

/**
 * A kind with limits whose handlers hold advisory locks of a session each: of as many places as its limits allow, one
 * for the kind and one for the tenant. A process that is killed gives them up. Where none is free that is noted.
 */
export function limited(db: Kysely<TestSchema>, onEnd?: () => void): Job<LimitedPayload> {
  return defineJob<LimitedPayload>({
    name: 'limited',
    limits: { concurrency: ALL, perTenant: { concurrency: OF_TENANT } },
    backoff: () => 5,
    tenant: ({ tenant }) => `${tenant}`,
    run: async ({ tenant }, { jobId, attempt }) => {
      await db.connection().execute(async (session) => {
        const places = [placeOf(0, ALL), placeOf(1 + tenant, OF_TENANT)]
        for (const place of places) {
          const { rows } = await sql<{ free: boolean }>`select ${place} as free`.execute(session)
          if (rows[0]?.free === true) continue
          await sql`insert into violations (job_id) values (${jobId}::uuid)`.execute(session)
        }
        try {
          await sleep(30)
          if (attempt === 1 && jobId.endsWith('7')) throw new Error('once more')
        } finally {
          await sql`select pg_advisory_unlock_all()`.execute(session)
        }
      })
      onEnd?.()
    },
  })
}

/** Whether one of so many places could be had. Each is tried until one is. */
function placeOf(space: number, places: number): ReturnType<typeof sql> {
  const tries = Array.from(
    { length: places },
    (_, place) => sql`pg_try_advisory_lock(${sql.lit(space)}, ${sql.lit(place)})`,
  )
  return sql`(${sql.join(tries, sql` or `)})`
}
