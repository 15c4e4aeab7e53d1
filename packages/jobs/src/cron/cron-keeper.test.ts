import { taskGroup } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Pool } from 'pg'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { doneUntil, keeperOf, keeperWithin, minutesPass, timesOf } from '../../test/cron.ts'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { types } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import type { CronOrigin } from '../job/origin.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import type { WorkerEvent } from '../worker/worker-event.ts'
import { createWorker } from '../worker/worker.ts'
import { type Cron, type CronOptions, defineCron } from './define-cron.ts'
import { Schedule } from './schedule.ts'

const job = defineJob<{ n: number }>({ name: 'remind', run: async () => undefined })

const cronOf = (options: Partial<CronOptions<{ n: number }>> = {}): Cron =>
  defineCron<{ n: number }>({
    name: 'minutely',
    job,
    payload: { n: 1 },
    schedule: '* * * * *',
    missed: 'all',
    ...options,
  })

/** The times after a moment and up to another. */
const timesBetween = (schedule: string, from: Date, until: Date, zone = 'UTC'): string[] =>
  new Schedule(schedule, zone).times(from, 10_000, until).map((at) => at.toISOString())

describe('a cron', () => {
  test('holds up no other one, however many times it has to make up for', async () => {
    const { db } = await queue()
    const { keeper, fired } = keeperOf(db, cronOf(), cronOf({ name: 'other', missed: 'skip' }))
    await keeper.look()
    await minutesPass(db, 'minutely', 250)
    await minutesPass(db, 'other', 1)
    await keeper.look()
    const turns = fired.map(({ cron }) => cron)
    expect(turns.slice(0, 3)).toEqual(['minutely', 'other', 'minutely'])
  })

  test('holds up no other one when the check of its payload never ends', async () => {
    const { db } = await queue()
    let isHanging = false
    const hanging = defineJob<{ n: number }>({
      name: 'hanging',
      schema: (json) => (isHanging ? new Promise(() => undefined) : Promise.resolve(json as never)),
      run: async () => undefined,
    })
    const crons = [cronOf({ name: 'hangs', job: hanging }), cronOf()]
    const { keeper, fired, errors } = keeperWithin(1_500, db, ...crons)
    await keeper.look()
    isHanging = true
    await minutesPass(db, 'hangs', 2)
    await minutesPass(db, 'minutely', 1)
    await keeper.look()
    expect(fired[0]).toMatchObject({ cron: 'minutely' })
    expect(errors[0]).toMatchObject({ name: 'TimeoutError', outcome: 'none' })
  })

  test('begins when it is first written down', async () => {
    const { db } = await queue()
    const { keeper, fired, errors } = keeperOf(db, cronOf())
    const waitMs = await keeper.look()
    expect(waitMs).toBeGreaterThan(0)
    expect(waitMs).toBeLessThanOrEqual(60_000)
    expect([fired, errors]).toEqual([[], []])
  })

  test('enqueues a job for each of its times, which says where it comes from', async () => {
    const { db } = await queue()
    const seen: (CronOrigin | undefined)[] = []
    const telling = defineJob<{ at: string }>({
      name: 'telling',
      run: async ({ at }, { cron }) => {
        seen.push(cron)
        expect(at).toBe(cron?.at.toISOString())
      },
    })
    const cron = defineCron({
      name: 'minutely',
      job: telling,
      payload: (at) => ({ at: at.toISOString() }),
      schedule: '* * * * *',
      missed: 'all',
    })
    await keeperOf(db, cron).keeper.look()
    await minutesPass(db, 'minutely', 3)
    const from = await doneUntil(db, 'minutely')
    const events: WorkerEvent[] = []
    const onEvent = (event: WorkerEvent): number => events.push(event)
    await createWorker(db, { jobs: [telling], crons: [cron], onEvent }).runUntilIdle()

    const wanted = timesBetween('* * * * *', from, await doneUntil(db, 'minutely'))
    expect(wanted.length).toBeGreaterThanOrEqual(2)
    expect(seen).toEqual(wanted.map((at) => ({ name: 'minutely', at: new Date(at) })))
    const fired = events.filter((event) => event.type === 'fired')
    expect(fired).toMatchObject(
      wanted.map((at) => ({ cron: 'minutely', at: new Date(at), created: true })),
    )
    const found = await getJob(db, fired[0]?.jobId ?? '')
    expect(found).toMatchObject({ state: 'completed', cron: seen[0], runAt: seen[0]?.at })
    const plain = await enqueue(db, telling, { at: '' })
    expect(await getJob(db, plain.id)).toMatchObject({ cron: undefined })
  })

  test('enqueues nothing when one of its payloads fails, and loses none of its times', async () => {
    const { db } = await queue()
    let made = 0
    const failing = cronOf({
      payload: () => {
        made += 1
        if (made === 3) throw new Error('no payload')
        return { n: made }
      },
    })
    const beside = cronOf({ name: 'beside' })
    const { keeper, errors } = keeperOf(db, failing, beside)
    await keeper.look()
    await minutesPass(db, 'minutely', 10)
    await minutesPass(db, 'beside', 5)
    const from = await doneUntil(db, 'minutely')
    await keeper.look()
    expect(errors).toMatchObject([{ message: 'no payload' }])
    expect(await timesOf(db, 'minutely')).toEqual([])
    expect((await timesOf(db, 'beside')).length).toBeGreaterThanOrEqual(4)

    await keeperOf(db, failing).keeper.look()
    const wanted = timesBetween('* * * * *', from, await doneUntil(db, 'minutely'))
    expect(await timesOf(db, 'minutely')).toEqual(wanted)
  })

  test('goes by the clock of the database, though that of its worker is off by five minutes', async () => {
    const { db } = await queue()
    const now = Date.now
    for (const skewMs of [300_000, -300_000]) {
      const name = `off by ${skewMs}`
      const cron = cronOf({ name })
      vi.spyOn(Date, 'now').mockImplementation(() => now() + skewMs)
      onTestFinished(() => void vi.restoreAllMocks())
      const { keeper, fired } = keeperOf(db, cron)
      expect(await keeper.look()).toBeLessThanOrEqual(60_000)
      expect(fired).toEqual([])
      await minutesPass(db, name, 4)
      const from = await doneUntil(db, name)
      await keeper.look()
      vi.restoreAllMocks()
      const until = await doneUntil(db, name)
      expect(Math.abs(until.getTime() - now())).toBeLessThan(120_000)
      expect(await timesOf(db, name)).toEqual(timesBetween('* * * * *', from, until))
    }
  })

  test('is not taken back by a clock of the database that was set back', async () => {
    const { db } = await queue()
    const { keeper } = keeperOf(db, cronOf())
    await keeper.look()
    const ahead = sql`update yuzuru_job_crons set done_until = now() + interval '1 hour', next_at = now()`
    await ahead.execute(db)
    const until = await doneUntil(db, 'minutely')
    expect(await keeper.look()).toBeGreaterThan(3_500_000)
    expect(await timesOf(db, 'minutely')).toEqual([])
    expect(await doneUntil(db, 'minutely')).toEqual(until)
  })

  for (const [what, changed] of Object.entries({
    expression: { schedule: '*/2 * * * *' },
    zone: { timeZone: 'Asia/Kathmandu', schedule: '* * * * *' },
  })) {
    test(`with another ${what} has that from now on, and none of its old times`, async () => {
      const { db } = await queue()
      await keeperOf(db, cronOf()).keeper.look()
      await minutesPass(db, 'minutely', 30)
      const { keeper, fired } = keeperOf(db, cronOf(changed))
      const waitMs = await keeper.look()
      expect(fired).toEqual([])
      expect(waitMs).toBeGreaterThan(0)
      await minutesPass(db, 'minutely', 5)
      const from = await doneUntil(db, 'minutely')
      // Also by a worker that still has it as it was.
      await keeperOf(db).keeper.look()
      await keeper.look()
      const until = await doneUntil(db, 'minutely')
      expect(await timesOf(db, 'minutely')).toEqual(timesBetween(changed.schedule, from, until))
    })
  }

  test('that was changed is fired as it was written down last, also by a worker that has it as it was', async () => {
    const { db } = await queue()
    const { keeper: old } = keeperOf(db, cronOf())
    await old.look()
    await keeperOf(db, cronOf({ schedule: '*/10 * * * *' })).keeper.look()
    await minutesPass(db, 'minutely', 45)
    const from = await doneUntil(db, 'minutely')
    await old.look()
    const until = await doneUntil(db, 'minutely')
    expect(await timesOf(db, 'minutely')).toEqual(timesBetween('*/10 * * * *', from, until))
  })

  test('that changes otherwise keeps its missed times', async () => {
    const { db } = await queue()
    await keeperOf(db, cronOf({ missed: 'skip' })).keeper.look()
    await minutesPass(db, 'minutely', 30)
    await keeperOf(db, cronOf({ missed: 'all' })).keeper.look()
    expect((await timesOf(db, 'minutely')).length).toBeGreaterThanOrEqual(29)
  })

  test('that no worker has any more is not fired', async () => {
    const { db } = await queue()
    await keeperOf(db, cronOf(), cronOf({ name: 'kept' })).keeper.look()
    await minutesPass(db, 'minutely', 30)
    await minutesPass(db, 'kept', 30)
    await keeperOf(db, cronOf({ name: 'kept' })).keeper.look()
    expect(await timesOf(db, 'minutely')).toEqual([])
    expect((await timesOf(db, 'kept')).length).toBeGreaterThanOrEqual(29)
  })

  test('whose job has a key makes none while the last is unfinished', async () => {
    const { db } = await queue()
    const keyed = defineJob<{ n: number }>({
      name: 'keyed',
      key: () => 'one',
      run: async () => undefined,
    })
    const { keeper, fired } = keeperOf(db, cronOf({ job: keyed }))
    await keeper.look()
    await minutesPass(db, 'minutely', 3)
    await keeper.look()
    const created = fired.flatMap(({ firings }) => firings.map((firing) => firing.created))
    expect(created.slice(0, 2)).toEqual([true, false])
    expect(await timesOf(db, 'minutely')).toHaveLength(1)
  })

  test('that was missed says so', async () => {
    const { db } = await queue()
    const cron = cronOf({ missed: 'skip' })
    await keeperOf(db, cron).keeper.look()
    await minutesPass(db, 'minutely', 30)
    const events: WorkerEvent[] = []
    const onEvent = (event: WorkerEvent): number => events.push(event)
    await createWorker(db, { jobs: [job], crons: [cron], onEvent }).runUntilIdle()
    expect(types(events)[0]).toBe('missed')
  })
})

describe('while nothing is due a worker', () => {
  test('looks for its crons every five seconds, by one statement', async () => {
    const { url } = await queue()
    const statements: string[] = []
    const db = new Kysely<TestSchema>({
      dialect: new PostgresDialect({ pool: new Pool({ connectionString: url, max: 1 }) }),
      log: ({ query }) => void statements.push(query.sql),
    })
    onTestFinished(() => db.destroy())
    using clock = TestClock.install()
    await taskGroup(async (group) => {
      const yearly = { schedule: '0 0 1 1 *' }
      const { keeper, errors } = keeperOf(db, cronOf(yearly), cronOf({ ...yearly, name: 'too' }))
      const look = keeper.look.bind(keeper)
      let looks = 0
      vi.spyOn(keeper, 'look').mockImplementation(async () => {
        const waitMs = await look()
        looks += 1
        return waitMs
      })
      const keeping = group.spawn(() => keeper.keep())
      for (let round = 1; round < 4; round += 1) {
        await expect.poll(() => looks).toBe(round)
        await expect.poll(() => clock.pending).toBe(1)
        statements.length = 0
        await clock.advance(4_999)
        expect(statements).toHaveLength(0)
        await clock.advance(1)
        await expect.poll(() => looks).toBe(round + 1)
        expect(statements).toHaveLength(1)
      }
      expect(errors).toEqual([])
      keeping.cancel('the test is over')
    })
  })
})
