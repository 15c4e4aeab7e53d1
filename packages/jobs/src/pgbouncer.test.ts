import { createDatabase, migrate, transaction } from '@yuzuru/db'
import { type PostgresServer, startPostgres } from '@yuzuru/sandbox'
import { type PgBouncer, pgBouncerVersion, startPgBouncer } from '@yuzuru/tooling/pgbouncer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withWorker } from '../test/with-worker.ts'
import { jobsMigrations } from './database/migrations.ts'
import { defineJob } from './job/define-job.ts'
import { enqueue } from './queue/enqueue.ts'
import { exerciseJobs } from './testing/exercise/exercise-jobs.ts'

const version = pgBouncerVersion()

// No package on npm holds PgBouncer, so it is there or not; where it is not, the run says so.
const behind = version === undefined ? notThere : describe

function notThere(): void {
  test('PgBouncer is not there: install pgbouncer', () => {
    console.log('Not tested behind PgBouncer, as there is none')
  })
}

behind(`behind PgBouncer ${version ?? ''}`, () => {
  let postgres: PostgresServer
  let bouncer: PgBouncer
  let url: string

  beforeAll(async () => {
    postgres = await startPostgres()
    bouncer = await startPgBouncer(postgres.url, 4)
    url = bouncer.url
    await using db = createDatabase({ url: postgres.url })
    await migrate(db, [jobsMigrations])
  })

  afterAll(async () => {
    await bouncer[Symbol.asyncDispose]()
    await postgres.close()
  })

  const cases = exerciseJobs(async () => {
    const db = createDatabase<unknown>({ url })
    const close = (): Promise<void> => db.close()
    return { db, transaction: (fn) => transaction(db, fn), [Symbol.asyncDispose]: close }
  })
  for (const { name, run } of cases) test(name, run)

  test('a worker that can hear nothing looks often after there was work, and says nothing of it', async () => {
    await using db = createDatabase<object>({ url })
    let runs = 0
    const ran = Promise.withResolvers<void>()
    const job = defineJob<object>({
      name: 'chain',
      run: async () => {
        runs += 1
        if (runs === 10) ran.resolve()
        else await enqueue(db, job, {})
      },
    })
    await enqueue(db, job, {})
    // Ten in a row, by the polls that follow each other closely: one each minute would take ten.
    const events = await withWorker(db, { jobs: [job], pollMs: 60_000 }, () => ran.promise)
    expect(events.filter(({ type }) => type === 'error')).toEqual([])
  })
})
