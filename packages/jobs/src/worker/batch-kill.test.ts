import { once } from 'node:events'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { dyingBatch, SIZE, STATEMENTS } from '../../test/dying-batch.ts'
import { startProgram } from '../../test/start-program.ts'
import { withEffects } from '../../test/stepping.ts'
import { expireLeases } from '../../test/with-worker.ts'
import { enqueueMany } from '../queue/enqueue.ts'
import { jobStats } from '../queue/job-stats.ts'
import { createWorker } from './worker.ts'

test('a SIGKILL before and after each statement of the transaction of a batch loses no job of it, and does none twice', async () => {
  const { db, url } = await withEffects()
  const job = dyingBatch()
  const payloads = Array.from({ length: SIZE }, (_, n) => ({ n }))
  for (let dieAt = 0; dieAt < 2 * STATEMENTS; dieAt += 1) {
    await enqueueMany(db, job, payloads)
    const child = startProgram('dying-batch-process.ts', url, `${dieAt}`)
    await once(child, 'exit')
    expect(child.signalCode).toBe('SIGKILL')
    const { rows } = await sql<{ times: number }>`
      select count(*)::int as times from effects`.execute(db)
    // Only the answer to COMMIT comes behind all of it.
    const isDone = dieAt === 2 * STATEMENTS - 1
    expect(rows[0]?.times, `killed at place ${dieAt}`).toBe((dieAt + (isDone ? 1 : 0)) * SIZE)
    // Its lease need not be waited for: a slow machine would lose a short one while it lives.
    await expireLeases(db)
    await createWorker(db, { jobs: [job], concurrency: SIZE }).runUntilIdle()
    const total = (dieAt + 1) * SIZE
    expect(await jobStats(db)).toMatchObject({ completed: total, waiting: 0, running: 0 })
    const effects = await db.selectFrom('effects').select('job_id').execute()
    expect(effects).toHaveLength(total)
    expect(new Set(effects.map(({ job_id }) => job_id)).size).toBe(total)
  }
})
