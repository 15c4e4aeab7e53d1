import { type Kysely, sql } from 'kysely'
import { expect, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queueAt } from '../../test/queue.ts'
import { vacuumMigration } from './vacuum-migration.ts'

/** What the table of jobs, and where its long values are kept, have set. */
async function settingsOf(db: Kysely<TestSchema>): Promise<unknown> {
  const { rows } = await sql<{ jobs: unknown; toast: unknown }>`
    select jobs.reloptions as jobs, toast.reloptions as toast
    from pg_class as jobs join pg_class as toast on toast.oid = jobs.reltoastrelid
    where jobs.oid = 'yuzuru_jobs'::regclass`.execute(db)
  return rows[0]
}

test('autovacuum does not hold back in the tables that change with each job, nor where their long values are kept', async () => {
  const { db, migrate } = await queueAt('yuzuru_jobs_0023_places')
  const before = await settingsOf(db)
  await migrate()
  expect(await settingsOf(db)).toMatchObject({
    jobs: expect.arrayContaining(['autovacuum_vacuum_cost_delay=0']),
    toast: expect.arrayContaining(['autovacuum_vacuum_cost_delay=0']),
  })
  await vacuumMigration.down?.(db)
  expect(await settingsOf(db)).toEqual(before)
  await migrate()
})
