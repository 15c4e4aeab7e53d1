import { sleep, taskGroup } from '@yuzuru/concurrency'
import { type Kysely, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { expireLeases, takeOver } from '../../test/with-worker.ts'
import { declareLimits, letGo, type LetGo } from '../engine/let-go.ts'
import { promote } from '../engine/promote.ts'
import { defineJob } from '../job/define-job.ts'
import type { JobLimits } from '../job/limits.ts'
import { changeLimits } from '../queue/change-limits.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { jobStats } from '../queue/job-stats.ts'
import { createWorker } from './worker.ts'

interface Payload {
  readonly tenant: string
  readonly n: number
}

const payloads = (tenant: string, many: number): Payload[] =>
  Array.from({ length: many }, (_, n) => ({ tenant, n }))

/** A kind with limits, that notes how many of it ran at once. */
function limited(limits: JobLimits) {
  const ran: string[] = []
  const now = new Map<string, number>()
  const most = new Map<string, number>()
  const add = (what: string, by: number): void => {
    now.set(what, (now.get(what) ?? 0) + by)
    most.set(what, Math.max(most.get(what) ?? 0, now.get(what) ?? 0))
  }
  const job = defineJob<Payload>({
    name: 'limited',
    limits,
    backoff: () => 0,
    tenant: ({ tenant }) => tenant,
    run: async ({ tenant, n }, { attempt }) => {
      for (const what of ['all', tenant]) add(what, 1)
      ran.push(`${tenant}${n}`)
      await sleep(2)
      for (const what of ['all', tenant]) add(what, -1)
      if (n % 5 === 4 && attempt === 1) throw new Error('once more')
    },
  })
  return { job, ran, most }
}

/** Lets jobs of a kind go, without a worker. */
async function opener(db: Kysely<TestSchema>, limits: JobLimits) {
  await declareLimits(db, 'limited', limits, {})
  const any = db as unknown as Kysely<unknown>
  return async (room = 100): Promise<LetGo> =>
    await letGo(any, { name: 'limited', room, queues: ['default'] }, {})
}

async function pass(db: Kysely<TestSchema>, ms: number): Promise<void> {
  const interval = sql`${ms}::float8 * interval '1 millisecond'`
  await sql`update yuzuru_job_starts set at = at - ${interval}`.execute(db)
  await sql`update yuzuru_jobs set run_at = run_at - ${interval}`.execute(db)
  await promote(db, {})
}

const end = (db: Kysely<TestSchema>): Promise<unknown> =>
  sql`delete from yuzuru_jobs where stage in (0, 2)`.execute(db)

describe('a limit', () => {
  test('holds for all workers together, of the kind and of each tenant', async () => {
    const { db } = await queue()
    const { job, ran, most } = limited({ concurrency: 3, perTenant: { concurrency: 2 } })
    await enqueueMany(db, job, [...payloads('a', 20), ...payloads('b', 10)])
    expect(await jobStats(db)).toMatchObject({ waiting: 30, lanes: [{ held: 30, due: 0 }] })
    await taskGroup(async (group) => {
      for (let n = 0; n < 4; n += 1) {
        group.spawn(() => createWorker(db, { jobs: [job] }).runUntilIdle())
      }
    })
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(ran).toHaveLength(36)
    expect([most.get('all'), most.get('a')]).toEqual([3, 2])
  })

  test('lets tenants take turns, however many of one came first', async () => {
    const { db } = await queue()
    const { job, ran } = limited({ concurrency: 2 })
    await enqueueMany(db, job, payloads('a', 40))
    await enqueueMany(db, job, payloads('b', 4))
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(ran.findLastIndex((name) => name.startsWith('b'))).toBeLessThan(14)
  })

  test('of a tenant holds for the one that a call says', async () => {
    const { db } = await queue()
    const { job, ran, most } = limited({ perTenant: { concurrency: 1 } })
    await enqueueMany(db, job, payloads('a', 4), { tenant: 'b' })
    await enqueue(db, job, { tenant: 'b', n: 4 }, { tenant: 'c' })
    const tenants = sql<{ tenant: string }>`select tenant from yuzuru_jobs order by seq`
    const { rows } = await tenants.execute(db)
    expect(rows.map(({ tenant }) => tenant)).toEqual(['b', 'b', 'b', 'b', 'c'])
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(ran).toHaveLength(6)
    expect(most.get('a')).toBe(1)
    const plain = defineJob<object>({ name: 'plain', run: async () => undefined })
    const keyed = defineJob<object>({
      name: 'keyed',
      limits: {},
      key: () => 'k',
      onConflict: 'replace',
      run: async () => undefined,
    })
    for (const tenant of ['d', 'e']) await enqueue(db, keyed, {}, { tenant })
    expect((await tenants.execute(db)).rows).toEqual([{ tenant: 'e' }])
    await expect(enqueue(db, plain, {}, { tenant: 'a' })).rejects.toThrow(
      'Expected tenant only for a job with limits or a tenant, got one for "plain"',
    )
    for (const tenant of ['', 'x'.repeat(501), 'a\0', 1 as never]) {
      await expect(enqueueMany(db, job, [], { tenant })).rejects.toThrow('Expected tenant to be')
    }
  })

  test('gives each of many tenants its turn', async () => {
    const { db } = await queue()
    const { job } = limited({ concurrency: 10 })
    const open = await opener(db, { concurrency: 10 })
    for (let n = 0; n < 2; n += 1) {
      await enqueueMany(
        db,
        job,
        Array.from({ length: 250 }, (_, tenant) => ({ tenant: `${tenant}`, n })),
      )
    }
    const seen = new Set<string>()
    for (let round = 0; round < 25; round += 1) {
      expect((await open()).opened).toBe(10)
      const { rows } = await sql<{ tenant: string }>`
        select tenant from yuzuru_jobs where stage = 0`.execute(db)
      for (const { tenant } of rows) seen.add(tenant)
      await end(db)
    }
    // Of ten at a time, those of a hundred tenants in a look: none of the others is left out for good.
    for (let round = 0; round < 25; round += 1) {
      await open()
      const { rows } = await sql<{ tenant: string }>`
        select tenant from yuzuru_jobs where stage = 0`.execute(db)
      for (const { tenant } of rows) seen.add(tenant)
      await end(db)
    }
    expect(seen.size).toBe(250)
  })

  test('of a rate lets no more begin in any such time', async () => {
    const { db } = await queue()
    const { job } = limited({})
    const open = await opener(db, { rate: { count: 3, perMs: 60_000 } })
    await enqueueMany(db, job, payloads('a', 20))
    expect((await open(2)).opened).toBe(2)
    await end(db)
    await pass(db, 40_000)
    const second = await open()
    expect(second.opened).toBe(1)
    expect(second.nextMs).toBeLessThanOrEqual(20_000)
    await end(db)
    expect((await open()).opened).toBe(0)
    await pass(db, 20_000)
    // Two have left the minute, the third has not.
    expect((await open()).opened).toBe(2)
  })

  test('of a tenant or a key holds up no other one', async () => {
    const { db } = await queue()
    const limits = {
      perTenant: { rate: { count: 2, perMs: 60_000 } },
      perKey: { rate: { count: 1, perMs: 30_000 } },
    }
    const job = defineJob<Payload>({
      name: 'limited',
      limits,
      tenant: ({ tenant }) => tenant,
      key: ({ n }) => (n < 0 ? `${n}` : undefined),
      run: async () => undefined,
    })
    const open = await opener(db, limits)
    await enqueueMany(db, job, [...payloads('a', 5), ...payloads('b', 1)])
    expect((await open()).opened).toBe(3)
    await end(db)
    await enqueue(db, job, { tenant: 'c', n: -1 })
    expect((await open()).opened).toBe(1)
    await end(db)
    const { id } = await enqueue(db, job, { tenant: 'c', n: -1 })
    await enqueue(db, job, { tenant: 'd', n: 1 })
    expect((await open()).opened).toBe(1)
    // It is for later, so that it does not stand in the way of its tenant's others.
    await enqueue(db, job, { tenant: 'c', n: 2 })
    expect((await open()).opened).toBe(1)
    await end(db)
    await pass(db, 31_000)
    expect((await open()).opened).toBe(0)
    await pass(db, 30_000)
    expect((await open()).opened).toBeGreaterThan(0)
    const { rows } = await sql`
      select from yuzuru_jobs where id = ${id}::uuid and stage = 0`.execute(db)
    expect(rows).toHaveLength(1)
  })

  test('counts what ran when its worker vanished until that has ended', async () => {
    const { db } = await queue()
    const { job, ran, most } = limited({ concurrency: 2 })
    const handles = await enqueueMany(db, job, payloads('a', 4))
    const open = await opener(db, { concurrency: 2 })
    expect((await open()).opened).toBe(2)
    for (const { id } of handles.slice(0, 2)) await takeOver(db, id, 1)
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(ran).toEqual([])
    await expireLeases(db)
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(ran.toSorted()).toEqual(['a0', 'a1', 'a2', 'a3'])
    expect(most.get('all')).toBeLessThanOrEqual(2)
  })

  test('is changed while it runs, and by that a kind is paused and goes on', async () => {
    const { db } = await queue()
    const { job, ran } = limited({ concurrency: 2 })
    await expect(changeLimits(db, job, { concurrency: 0 })).rejects.toMatchObject({
      code: 'not_found',
    })
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    await changeLimits(db, job, { concurrency: 0 })
    await enqueueMany(db, job, payloads('a', 3))
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(ran).toEqual([])
    await changeLimits(db, 'limited', undefined)
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(ran).toHaveLength(3)
  })

  test('that is changed holds at once, also for jobs that the rate of their key had put off', async () => {
    const { db } = await queue()
    const ran: number[] = []
    const job = defineJob<{ n: number }>({
      name: 'limited',
      key: () => 'k',
      onConflict: 'again',
      limits: { perKey: { rate: { count: 1, perMs: 86_400_000 } } },
      run: async ({ n }) => void ran.push(n),
    })
    const drain = (): Promise<void> => createWorker(db, { jobs: [job] }).runUntilIdle()
    await enqueue(db, job, { n: 1 })
    await drain()
    const { id } = await enqueue(db, job, { n: 2 })
    await drain()
    expect(ran).toEqual([1])
    expect((await getJob(db, id))?.runAt?.getTime()).toBeGreaterThan(Date.now() + 80_000_000)
    await changeLimits(db, job, {})
    await drain()
    expect(ran).toEqual([1, 2])
    // What was for later by itself stays so.
    await enqueue(db, job, { n: 3 }, { delayMs: 3_600_000 })
    await changeLimits(db, job, undefined)
    await drain()
    expect(ran).toEqual([1, 2])
  })

  test('holds for the heads of groups, and for jobs that are tried again or were for later', async () => {
    const { db } = await queue()
    const { job: plain, most } = limited({})
    const job = defineJob<Payload>({
      name: 'limited',
      limits: { concurrency: 1 },
      backoff: () => 0,
      group: ({ tenant }) => tenant,
      run: (payload, context) => plain.run(payload, context),
    })
    await enqueueMany(db, job, [...payloads('a', 5), ...payloads('b', 5)])
    await enqueueMany(db, job, payloads('c', 5), { delayMs: 60_000 })
    await sql`update yuzuru_jobs set run_at = now() where run_at > now()`.execute(db)
    for (let round = 0; round < 3; round += 1) {
      await taskGroup(async (group) => {
        group.spawn(() => createWorker(db, { jobs: [job] }).runUntilIdle())
        group.spawn(() => createWorker(db, { jobs: [job] }).runUntilIdle())
      })
    }
    expect(await jobStats(db)).toMatchObject({ completed: 15 })
    expect(most.get('all')).toBe(1)
  })
})

test.each([
  [{ concurrency: -1 }, 'Expected concurrency'],
  [{ rate: { count: 0, perMs: 1 } }, 'Expected rate.count'],
  [{ rate: { count: 1 } }, 'Expected rate.perMs'],
  [{ perTenant: { most: 1 } }, 'Expected a known option of defineJob.limits.perTenant'],
])('defineJob refuses limits %o', (limits, message) => {
  expect(() =>
    defineJob({ name: 'x', limits: limits as never, run: async () => undefined }),
  ).toThrow(message)
})
