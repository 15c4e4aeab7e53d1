import { describe, expect, test } from 'vitest'
import { doneUntil, keeperOf, minutesPass, timesOf } from '../../test/cron.ts'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { defineCron } from './define-cron.ts'
import { listCrons } from './list-crons.ts'
import { deleteCron, pauseCron, resumeCron } from './pause-cron.ts'
import { Schedule } from './schedule.ts'

const job = defineJob<object>({ name: 'remind', run: async () => undefined })
const cron = defineCron({
  name: 'half-hourly',
  job,
  payload: {},
  schedule: '*/30 * * * *',
  timeZone: 'Asia/Tokyo',
  missed: 'all',
})

describe('a cron that is paused', () => {
  test('is not fired, and none of its times is made up for when it is resumed', async () => {
    const { db } = await queue()
    const { keeper } = keeperOf(db, cron)
    await keeper.look()
    expect(await pauseCron(db, cron.name)).toBe(true)
    expect(await pauseCron(db, cron.name)).toBe(false)
    await minutesPass(db, cron.name, 120)
    expect(await keeper.look()).toBe(Infinity)
    // Nor by a worker that starts.
    await keeperOf(db, cron).keeper.look()
    expect(await resumeCron(db, cron.name)).toBe(true)
    expect(await resumeCron(db, cron.name)).toBe(false)
    const from = await doneUntil(db, cron.name)
    const waitMs = await keeper.look()
    const until = await doneUntil(db, cron.name)
    const wanted = new Schedule('*/30 * * * *', 'UTC').times(from, 10, until)
    expect(await timesOf(db, cron.name)).toEqual(wanted.map((at) => at.toISOString()))
    expect(waitMs).toBeLessThanOrEqual(1_800_000)
  })

  test('is listed, with what comes next', async () => {
    const { db } = await queue()
    const { keeper, fired } = keeperOf(db, cron)
    await keeper.look()
    await minutesPass(db, cron.name, 60)
    await keeper.look()
    const last = fired[0]?.firings.at(-1)
    const next = new Schedule('*/30 * * * *', 'UTC').times(new Date(), 3)
    const [record] = await listCrons(db, { times: 3 })
    expect(record).toEqual({
      name: 'half-hourly',
      job: 'remind',
      schedule: '*/30 * * * *',
      timeZone: 'Asia/Tokyo',
      missed: 'all',
      lateMs: 60_000,
      pausedAt: undefined,
      last: { at: last?.at, jobId: last?.jobId },
      seenAt: expect.any(Date),
      nextTimes: expect.arrayContaining(next.slice(1)),
    })
    await pauseCron(db, cron.name)
    const [paused] = await listCrons(db)
    expect(paused).toMatchObject({ pausedAt: expect.any(Date), nextTimes: [] })
  })

  test('is forgotten by deleteCron, and begins anew with the next worker', async () => {
    const { db } = await queue()
    const { keeper } = keeperOf(db, cron)
    await keeper.look()
    expect(await deleteCron(db, cron.name)).toEqual({ deleted: true })
    expect(await deleteCron(db, cron.name)).toEqual({ deleted: false })
    expect(await listCrons(db)).toEqual([])
    expect(await keeper.look()).toBe(Infinity)
    expect(await pauseCron(db, cron.name)).toBe(false)
    await keeperOf(db, cron).keeper.look()
    expect(await listCrons(db)).toHaveLength(1)
    expect(await timesOf(db, cron.name)).toEqual([])
  })
})
