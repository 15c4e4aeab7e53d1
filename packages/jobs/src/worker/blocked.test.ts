import { type Kysely, sql } from 'kysely'
import { expect, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { types, withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'

/** Stops the event loop for longer than the lease: nothing renews it behind the loop's back. */
const block = (): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600)
}

/** Blocks while a heartbeat waits for its answer. */
async function blockDuringHeartbeat(db: Kysely<TestSchema>, name: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`select from yuzuru_job_workers for update`.execute(tx)
    await expect
      .poll(
        async () => {
          const { rows } = await sql`select from pg_stat_activity where application_name = ${name}
            and wait_event_type = 'Lock' and query like '%update yuzuru_job_workers%'`.execute(db)
          return rows.length
        },
        { interval: 1, timeout: 100_000 },
      )
      .toBeGreaterThan(0)
    block()
  })
}

const moments: readonly (readonly [string, typeof blockDuringHeartbeat])[] = [
  ['says so, and lets go of what it ran', async () => block()],
  ['says so too when that began while a heartbeat waited for its answer', blockDuringHeartbeat],
]

for (const [says, stand] of moments) {
  test(`a worker whose event loop stood still ${says}`, async () => {
    const { db, name } = await queue()
    let runs = 0
    const job = defineJob<object>({
      name: 'blocks',
      run: async (_, { signal }) => {
        runs += 1
        if (runs > 1) return
        await stand(db, name)
        if (!signal.aborted) {
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        }
        signal.throwIfAborted()
      },
    })
    const { id } = await enqueue(db, job, {})
    const options = { jobs: [job], leaseMs: 200, heartbeatMs: 50 }
    const events = await withWorker(db, options, async () => {
      await expect
        .poll(() => getJob(db, id), { interval: 20, timeout: 100_000 })
        .toMatchObject({ state: 'completed' })
    })
    const longest = Math.max(...events.map((event) => ('forMs' in event ? event.forMs : 0)))
    expect(longest).toBeGreaterThan(200)
    expect(types(events)).toContain('lost')
    expect(runs).toBe(2)
  })
}
