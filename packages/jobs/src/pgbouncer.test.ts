import { taskGroup } from '@yuzuru/concurrency'
import { createDatabase, migrate, transaction } from '@yuzuru/db'
import { type PostgresServer, startPostgres } from '@yuzuru/sandbox'
import { type PgBouncer, pgBouncerVersion, startPgBouncer } from '@yuzuru/tooling/pgbouncer'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { addAndDelete } from '../test/dead-rows.ts'
import { openKysely } from '../test/open-kysely.ts'
import { withWorker } from '../test/with-worker.ts'
import { jobsMigrations } from './database/migrations.ts'
import { defineJob } from './job/define-job.ts'
import { mostBloated } from './engine/vacuum.ts'
import { enqueue } from './queue/enqueue.ts'
import { exerciseJobs } from './testing/exercise/exercise-jobs.ts'
import { VacuumKeeper } from './worker/vacuum-keeper.ts'

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

  test('a vacuum is sent, and stops when it is cancelled', async () => {
    const direct = openKysely(postgres.url, 1)
    onTestFinished(() => direct.destroy())
    const rules = { leastDead: 1_000, share: 0.2 }
    const errors: unknown[] = []
    const onError = (error: unknown): void => void errors.push(error)
    await using db = createDatabase<object>({ url })
    await addAndDelete(direct, { alive: 0, dead: 20_000 })
    expect(await new VacuumKeeper({ db, onError, rules }).look()).toBeLessThan(60_000)
    // Had it been skipped, the table would still be the most bloated.
    expect(await mostBloated(db, rules, { timeoutMs: 30_000 })).toBeUndefined()

    await addAndDelete(direct, { alive: 0, dead: 20_000 })
    // Of the sessions that are opened from here on: a reload would reach each of them at some time.
    await sql`alter database postgres set vacuum_cost_delay = 100`.execute(direct)
    await sql`alter database postgres set vacuum_cost_limit = 1`.execute(direct)
    await using slowBouncer = await startPgBouncer(postgres.url, 4)
    await using slow = createDatabase<object>({ url: slowBouncer.url })
    const running = async (): Promise<unknown> =>
      (await sql`select from pg_stat_progress_vacuum`.execute(direct)).rows.length
    await taskGroup(async (group) => {
      const task = group.spawn(() => new VacuumKeeper({ db: slow, onError, rules }).look())
      await expect.poll(running, { interval: 20, timeout: 30_000 }).toBe(1)
      task.cancel('the test is over')
    })
    expect(await running()).toBe(0)
    expect(errors).toEqual([])
  })
})
