import { type Kysely, sql } from 'kysely'
import { expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { Roster } from './roster.ts'
import { Upkeep } from './upkeep.ts'
import { settingsOf } from './worker-options.ts'

test('a look that fails is not made again at once', async () => {
  const { db } = await queue()
  const settings = settingsOf({ jobs: [defineJob({ name: 'x', run: async () => undefined })] })
  const emit = (): void => undefined
  const any = db as unknown as Kysely<unknown>
  const roster = new Roster(
    any,
    { name: 'test', leaseMs: 1_000, heartbeatMs: 100, report: () => '{}' },
    emit,
  )
  const upkeep = new Upkeep({ db: any, settings, roster, emit }, 60_000)
  await sql`alter table yuzuru_jobs rename to away`.execute(db)
  await expect(upkeep.run(() => new Map())).rejects.toThrow()
  expect(upkeep.at).toBeGreaterThan(performance.now() + 30_000)
})
