import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { queueAt } from '../../test/queue.ts'
import { jobStats } from '../queue/job-stats.ts'
import { pauseQueue } from '../queue/pause-queue.ts'
import { scaleQueue } from '../queue/scale-queue.ts'
import { placesMigration } from './places-migration.ts'

test('a pause of before the numbers stays one, and one that has a number stays one without them', async () => {
  const { db, migrate } = await queueAt('yuzuru_jobs_0022_enqueued')
  await sql`insert into yuzuru_job_pauses (target) values ('queue mail')`.execute(db)
  await migrate()
  expect(await jobStats(db)).toMatchObject({ paused: [{ queue: 'mail' }], scaled: [] })
  await scaleQueue(db, { queue: 'mail' }, 3)
  await scaleQueue(db, { queue: 'sms' }, 3)
  expect(await pauseQueue(db, { queue: 'mail' })).toBe(false)
  await placesMigration.down?.(db)
  const { rows } = await sql`select target from yuzuru_job_pauses`.execute(db)
  expect(rows).toEqual([{ target: 'queue mail' }])
})
