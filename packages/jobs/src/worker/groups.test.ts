import { sleep } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { grouped, type GroupedPayload } from '../../test/grouped.ts'
import { openKysely } from '../../test/open-kysely.ts'
import { pagesOf } from '../../test/pages-of.ts'
import { queue } from '../../test/queue.ts'
import { blocking, expireLeases, takeOver, withWorker } from '../../test/with-worker.ts'
import { openGroups } from '../engine/open-groups.ts'
import { defineJob } from '../job/define-job.ts'
import { cancelJob } from '../queue/cancel-job.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { enqueueFlow } from '../queue/enqueue-flow.ts'
import { getJob } from '../queue/get-job.ts'
import { jobStats } from '../queue/job-stats.ts'
import { retryJob } from '../queue/retry-job.ts'
import { createWorker } from './worker.ts'

const payloads = (group: string, many: number): GroupedPayload[] =>
  Array.from({ length: many }, (_, n) => ({ group, n }))

/** A kind that notes what it runs, and what ran beside what. */
function recorder(fail?: (payload: GroupedPayload, attempt: number) => void) {
  const ran: string[] = []
  const running: string[] = []
  let together = 0
  let overlaps = 0
  const job = grouped(async (payload, { attempt }) => {
    if (running.includes(payload.group)) overlaps += 1
    running.push(payload.group)
    together = Math.max(together, running.length)
    ran.push(`${payload.group}${payload.n}`)
    try {
      await sleep(1)
      fail?.(payload, attempt)
    } finally {
      running.splice(running.indexOf(payload.group), 1)
    }
  }, 2)
  return { job, ran, together: () => together, overlaps: () => overlaps }
}

describe('a group', () => {
  test('runs one job at a time, in the order of enqueueing, beside other groups', async () => {
    const { db } = await queue()
    const { job, ran, together, overlaps } = recorder()
    const mixed = payloads('a', 20).flatMap((payload) => [payload, { ...payload, group: 'b' }])
    const handles = await enqueueMany(db, job, mixed)
    expect(handles.every(({ created }) => created)).toBe(true)
    expect((await jobStats(db)).lanes).toMatchObject([{ name: 'grouped', held: 40 }])
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    for (const group of ['a', 'b']) {
      expect(ran.filter((name) => name.startsWith(group))).toEqual(
        payloads(group, 20).map(({ n }) => `${group}${n}`),
      )
    }
    expect([together(), overlaps()]).toEqual([2, 0])
  })

  test('waits for a job that failed until that has ended, for good or bad', async () => {
    const { db } = await queue()
    const { job, ran } = recorder(({ n }, attempt) => {
      if (n === 0 && attempt === 1) throw new Error('once more')
      if (n === 1) throw new Error('always')
    })
    await enqueueMany(db, job, payloads('a', 3))
    await withWorker(db, { jobs: [job] }, () => expect.poll(() => ran.length).toBe(5))
    expect(ran).toEqual(['a0', 'a0', 'a1', 'a1', 'a2'])
  })

  test('waits for a job that is for later, whatever the priority of the next', async () => {
    const { db } = await queue()
    const { job, ran } = recorder()
    const { id } = await enqueue(db, job, { group: 'a', n: 0 }, { delayMs: 3_600_000 })
    await enqueue(db, job, { group: 'a', n: 1 }, { priority: -5 })
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(ran).toEqual([])
    await sql`update yuzuru_jobs set run_at = now() where id = ${id}::uuid`.execute(db)
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(ran).toEqual(['a0', 'a1'])
  })

  test('goes on when the job that it waits for is cancelled, waiting or running', async () => {
    const { db } = await queue()
    const { job, begun } = blocking()
    const first = await enqueue(db, job, {}, { group: 'a' })
    const second = await enqueue(db, job, {}, { group: 'a', delayMs: 3_600_000 })
    const third = await enqueue(db, job, {}, { group: 'a' })
    const state = async (id: string): Promise<unknown> => (await getJob(db, id))?.state
    await withWorker(db, { jobs: [job], leaseMs: 10_000, heartbeatMs: 50 }, async () => {
      await begun
      expect(await state(second.id)).toBe('waiting')
      await cancelJob(db, first.id)
      await expect.poll(() => state(first.id)).toBe('cancelled')
      await expect
        .poll(async () => (await sql`select from yuzuru_jobs where stage = 1`.execute(db)).rows)
        .toHaveLength(1)
      expect(await cancelJob(db, second.id)).toBe('cancelled')
      await expect.poll(() => state(third.id)).toBe('running')
    })
  })

  test('has the job of a worker that vanished come back before the next one', async () => {
    const { db } = await queue()
    const { job, ran } = recorder()
    const [first] = await enqueueMany(db, job, payloads('a', 2))
    await openGroups(db, new Map([['grouped', '']]), {})
    await takeOver(db, first?.id ?? '', 1)
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(ran).toEqual([])
    await expireLeases(db)
    await withWorker(db, { jobs: [job] }, () => expect.poll(() => ran).toEqual(['a0', 'a1']))
  })

  test('has a job that is retried at its end', async () => {
    const { db } = await queue()
    const { job, ran } = recorder((_, attempt) => {
      if (attempt === 1 && ran.length === 1) throw new TypeError('Expected another')
    })
    const [first] = await enqueueMany(db, job, payloads('a', 1))
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    await enqueueMany(db, job, payloads('a', 3).slice(1))
    expect(await retryJob(db, first?.id ?? '')).toBe(true)
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(ran).toEqual(['a0', 'a1', 'a2', 'a0'])
    expect(await getJob(db, first?.id ?? '')).toMatchObject({ group: 'a', key: undefined })
  })

  test('of one kind is not that of another, and a job without one waits for none', async () => {
    const { db } = await queue()
    const ran: string[] = []
    const of = (name: string) =>
      defineJob<object>({ name, group: () => 'a', run: async () => void ran.push(name) })
    const held = await enqueue(db, of('first'), {}, { delayMs: 3_600_000 })
    await enqueue(db, of('first'), {})
    await enqueue(db, of('second'), {})
    const plain = defineJob<object>({ name: 'first', run: async () => undefined })
    const free = await enqueue(db, plain, {})
    await createWorker(db, { jobs: [of('first'), of('second')] }).runUntilIdle()
    expect(ran.toSorted()).toEqual(['first', 'second'])
    expect((await getJob(db, free.id))?.state).toBe('completed')
    expect((await getJob(db, held.id))?.state).toBe('waiting')
  })

  test('has parts of a flow, and jobs before and behind them, in its order', async () => {
    const { db } = await queue()
    const { job, ran } = recorder()
    await enqueue(db, job, { group: 'a', n: 0 })
    await enqueueFlow(db, {
      first: { job, payload: { group: 'b', n: 0 } },
      second: { job, payload: { group: 'a', n: 1 }, after: ['first'] },
      third: { job, payload: { group: 'a', n: 2 }, after: ['second'] },
    })
    await enqueue(db, job, { group: 'a', n: 3 })
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(ran.filter((name) => name.startsWith('a'))).toEqual(['a0', 'a1', 'a2', 'a3'])
  })

  test('can’t have two heads: the database refuses it', async () => {
    const { db } = await queue()
    const { job } = recorder()
    await enqueueMany(db, job, payloads('a', 2))
    await expect(sql`update yuzuru_jobs set stage = 0`.execute(db)).rejects.toThrow(
      'yuzuru_jobs_open',
    )
  })

  test('is found though an enqueueing that has not committed holds another', async () => {
    const { db } = await queue()
    const job = defineJob<{ key: string }>({
      name: 'serial',
      key: ({ key }) => key,
      onConflict: 'again',
      run: async () => undefined,
    })
    const { id } = await enqueue(db, job, { key: 'a' })
    await enqueue(db, job, { key: 'b' })
    await db.transaction().execute(async (tx) => {
      expect((await enqueue(tx, job, { key: 'a' })).created).toBe(false)
      await createWorker(db, { jobs: [job] }).runUntilIdle()
      expect((await jobStats(db)).completed).toBe(1)
    })
    expect((await getJob(db, id))?.state).toBe('waiting')
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect((await getJob(db, id))?.state).toBe('completed')
  })

  test('costs a look no more for all that is behind in it', async () => {
    const { url } = await queue()
    const db = openKysely(url, 1)
    onTestFinished(() => db.destroy())
    const { job } = recorder()
    const open = (): Promise<unknown> => openGroups(db, new Map([['grouped', '']]), {})
    await enqueueMany(db, job, payloads('a', 10))
    await open()
    const few = await pagesOf(db, open)
    await enqueueMany(db, job, payloads('a', 10_000))
    await sql`vacuum analyze yuzuru_jobs`.execute(db)
    expect(await pagesOf(db, open)).toBeLessThan(few + 20)
  })
})
