import { Kysely, PostgresDialect } from 'kysely'
import { Pool } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueueMany } from '../queue/enqueue.ts'

test('a worker that does not listen polls as often as it is to, though a limit has it look at other things in between', async () => {
  const { db, url } = await queue()
  let promotions = 0
  let claims = 0
  const pool = new Pool({ connectionString: url, max: 10 })
  pool.on('error', () => undefined)
  const ours = new Kysely<TestSchema>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => {
      if (query.sql.includes('promoted as')) promotions += 1
      if (query.sql.includes('with me as')) claims += 1
    },
  })
  onTestFinished(() => ours.destroy())
  const held = Promise.withResolvers<void>()
  let begun = 0
  const limited = defineJob<object>({
    name: 'limited',
    limits: { concurrency: 1 },
    run: async () => {
      begun += 1
      await held.promise
    },
  })
  const other = defineJob<object>({ name: 'other', run: async () => undefined })
  await enqueueMany(db, limited, [{}, {}])
  await withWorker(ours, { jobs: [limited, other], pollMs: 10 }, async () => {
    await expect.poll(() => begun, { interval: 5 }).toBe(1)
    ;[promotions, claims] = [0, 0]
    await expect.poll(() => promotions, { interval: 5 }).toBeGreaterThan(30)
    expect(claims).toBeGreaterThan(15)
    held.resolve()
  })
})
