import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { expireLeases, takeOver, withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import type { Job } from '../job/job.ts'
import { createWorker } from '../worker/worker.ts'
import { changeLimits } from './change-limits.ts'
import { enqueue, enqueueMany } from './enqueue.ts'
import { jobStats } from './job-stats.ts'
import { pauseQueue, resumeQueue } from './pause-queue.ts'
import { scaleQueue } from './scale-queue.ts'

interface Payload {
  readonly n: number
}

const payloads = (many: number): Payload[] => Array.from({ length: many }, (_, n) => ({ n }))

/** Kinds whose handlers say how many run at once. */
function kinds(...names: readonly string[]) {
  const running = new Map<string, number>()
  const most = new Map<string, number>()
  const ran: string[] = []
  const count = (of: string, by: number): void => {
    const now = (running.get(of) ?? 0) + by
    running.set(of, now)
    most.set(of, Math.max(most.get(of) ?? 0, now))
  }
  const jobs = names.map((name) =>
    defineJob<Payload>({
      name,
      run: async ({ n }) => {
        for (const of of ['all', name]) count(of, 1)
        await new Promise((resolve) => setTimeout(resolve, 30))
        ran.push(`${name} ${n}`)
        for (const of of ['all', name]) count(of, -1)
      },
    }),
  )
  return { jobs, most: () => Object.fromEntries(most), ran }
}

/** A kind whose handlers go on until they are let go, one by one. */
function held(name: string, tenant?: (payload: Payload) => string) {
  const waiting: (() => void)[] = []
  let begun = 0
  let isOver = false
  const job = defineJob<Payload>({
    name,
    tenant,
    run: async () => {
      begun += 1
      if (isOver) return
      await new Promise<void>((resolve) => waiting.push(resolve))
    },
  })
  return {
    job,
    begun: () => begun,
    /** Lets so many go on; `Infinity` for those as well that begin later. */
    end: (many: number): void => {
      isOver = many === Infinity
      for (const go of waiting.splice(0, many)) go()
    },
  }
}

describe('scaleQueue', () => {
  test('holds a queue to a number of jobs that run at once, of kinds without limits', async () => {
    const { db } = await queue()
    const { jobs, most, ran } = kinds('mail', 'sms')
    for (const job of jobs) await enqueueMany(db, job, payloads(10))
    expect(await scaleQueue(db, { queue: 'default' }, 3)).toBe(true)
    expect(await scaleQueue(db, { queue: 'default' }, 3)).toBe(false)
    await createWorker(db, { jobs }).runUntilIdle()
    expect(ran).toHaveLength(20)
    expect(most()['all']).toBe(3)
  })

  test('has a job take a place of its kind and one of its queue', async () => {
    const { db } = await queue()
    const { jobs, most, ran } = kinds('few', 'many')
    for (const job of jobs) await enqueueMany(db, job, payloads(10))
    await scaleQueue(db, { queue: 'default' }, 4)
    await scaleQueue(db, { job: jobs[0] as Job<Payload> }, 1)
    await createWorker(db, { jobs }).runUntilIdle()
    expect(ran).toHaveLength(20)
    expect(most()).toMatchObject({ few: 1 })
    expect(most()['all']).toBeLessThanOrEqual(4)
  })

  test('holds while workers run: what runs counts, and a larger number has more begin', async () => {
    const { db } = await queue()
    const { job, begun, end } = held('slow')
    const other = kinds('other')
    const elsewhere = other.jobs[0] as Job<Payload>
    await enqueueMany(db, job, payloads(6))
    const options = { jobs: [job, elsewhere], queues: ['default', 'elsewhere'], pollMs: 20 }
    await withWorker(db, options, async () => {
      await expect.poll(begun, { interval: 5 }).toBe(6)
      await scaleQueue(db, { queue: 'default' }, 3)
      await enqueueMany(db, job, payloads(4))
      end(3)
      /** The worker has looked meanwhile. */
      const looks = async (n: number): Promise<void> => {
        await enqueue(db, elsewhere, { n }, { queue: 'elsewhere' })
        await expect.poll(() => other.ran, { interval: 5 }).toContain(`other ${n}`)
      }
      for (const n of [1, 2, 3]) await looks(n)
      expect(begun()).toBe(6)
      end(1)
      await expect.poll(begun, { interval: 5 }).toBe(7)
      for (const n of [4, 5]) await looks(n)
      expect(begun()).toBe(7)
      await scaleQueue(db, { queue: 'default' }, 4)
      await expect.poll(begun, { interval: 5 }).toBe(8)
      await scaleQueue(db, { queue: 'default' }, undefined)
      await expect.poll(begun, { interval: 5 }).toBe(10)
      end(10)
      await expect.poll(async () => (await jobStats(db)).completed, { interval: 5 }).toBe(15)
    })
  })

  test('is apart from a pause: what is resumed goes on with the number', async () => {
    const { db } = await queue()
    const { jobs, most, ran } = kinds('mail')
    const target = { queue: 'default' }
    await enqueueMany(db, jobs[0] as Job<Payload>, payloads(9))
    await scaleQueue(db, target, 2)
    expect((await jobStats(db)).paused).toEqual([])
    expect(await pauseQueue(db, target)).toBe(true)
    expect(await pauseQueue(db, target)).toBe(false)
    const scaled = [{ job: undefined, queue: 'default', concurrency: 2 }]
    expect(await jobStats(db)).toMatchObject({ scaled, paused: [{ queue: 'default' }] })
    await createWorker(db, { jobs }).runUntilIdle()
    expect(ran).toEqual([])
    expect(await resumeQueue(db, target)).toBe(true)
    expect(await resumeQueue(db, target)).toBe(false)
    await createWorker(db, { jobs }).runUntilIdle()
    expect(ran).toHaveLength(9)
    expect(most()['all']).toBe(2)
    expect(await scaleQueue(db, target, undefined)).toBe(true)
    expect(await scaleQueue(db, target, undefined)).toBe(false)
    expect((await sql`select from yuzuru_job_pauses`.execute(db)).rows).toEqual([])
  })

  test('under a pause is no end of the pause, and none is left of it', async () => {
    const { db } = await queue()
    const { jobs, ran } = kinds('mail')
    const target = { job: 'mail' }
    await enqueueMany(db, jobs[0] as Job<Payload>, payloads(3))
    await pauseQueue(db, target)
    expect(await scaleQueue(db, target, 1)).toBe(true)
    expect(await scaleQueue(db, target, undefined)).toBe(true)
    await createWorker(db, { jobs }).runUntilIdle()
    expect(ran).toEqual([])
    await resumeQueue(db, target)
    await createWorker(db, { jobs }).runUntilIdle()
    expect(ran).toHaveLength(3)
  })

  test('takes also what ran when its worker vanished, and what has waited for long behind better ones', async () => {
    const { db } = await queue()
    const { jobs, ran } = kinds('mail')
    const mail = jobs[0] as Job<Payload>
    const { id } = await enqueue(db, mail, { n: 1 })
    await takeOver(db, id, 1)
    await scaleQueue(db, { job: mail }, 1)
    await expireLeases(db)
    await createWorker(db, { jobs }).runUntilIdle()
    expect(ran.splice(0)).toEqual(['mail 1'])
    await enqueue(db, mail, { n: 99 }, { priority: 1 })
    await sql`update yuzuru_jobs set run_at = now() - interval '1 hour'`.execute(db)
    await enqueueMany(db, mail, payloads(30))
    await createWorker(db, { jobs, agingMs: 1_000 }).runUntilIdle()
    expect(ran).toHaveLength(31)
    expect(ran.indexOf('mail 99')).toBeLessThan(30)
  })

  test('holds beside the limits of a kind', async () => {
    const { db } = await queue()
    let running = 0
    let most = 0
    const ran: number[] = []
    const job = defineJob<Payload>({
      name: 'limited',
      limits: { concurrency: 4 },
      run: async ({ n }) => {
        running += 1
        most = Math.max(most, running)
        await new Promise((resolve) => setTimeout(resolve, 30))
        running -= 1
        ran.push(n)
      },
    })
    await enqueueMany(db, job, payloads(12))
    await scaleQueue(db, { queue: 'default' }, 2)
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect([ran.length, most]).toEqual([12, 2])
    most = 0
    await scaleQueue(db, { queue: 'default' }, 8)
    await changeLimits(db, job, { concurrency: 1 })
    await enqueueMany(db, job, payloads(5))
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect([ran.length, most]).toEqual([17, 1])
  })

  test('lets hardly more of a kind with tenants go than there are places, so that they go on taking turns', async () => {
    const { db } = await queue()
    const { job, begun, end } = held('slow', ({ n }) => `${n % 2}`)
    const other = kinds('other')
    const elsewhere = other.jobs[0] as Job<Payload>
    await enqueueMany(db, job, payloads(60))
    await scaleQueue(db, { queue: 'default' }, 1)
    const options = { jobs: [job, elsewhere], queues: ['default', 'elsewhere'], concurrency: 5 }
    await withWorker(db, options, async () => {
      await expect.poll(begun, { interval: 5 }).toBe(1)
      for (const n of [1, 2, 3, 4, 5]) {
        await enqueue(db, elsewhere, { n }, { queue: 'elsewhere' })
        await expect.poll(() => other.ran, { interval: 5 }).toContain(`other ${n}`)
      }
      const { rows } = await sql`
        select from yuzuru_jobs where tenant is not null and stage = 0`.execute(db)
      // One that runs, and what one look has found room for.
      expect(rows.length).toBeLessThanOrEqual(6)
      end(1)
      await expect.poll(begun, { interval: 5 }).toBe(2)
      end(Infinity)
    })
  })

  test('holds from the commit of its transaction on, and not after a rollback', async () => {
    const { db } = await queue()
    const { jobs, most } = kinds('mail')
    await enqueueMany(db, jobs[0] as Job<Payload>, payloads(5))
    const undone = new Error('undone')
    await expect(
      db.transaction().execute(async (tx) => {
        await scaleQueue(tx, { job: 'mail' }, 1)
        throw undone
      }),
    ).rejects.toBe(undone)
    await createWorker(db, { jobs }).runUntilIdle()
    expect(most()['all']).toBe(5)
  })

  test.each([
    [{}, 1, 'Expected the target of scaleQueue to have either a job or a queue, got neither'],
    [{ queue: 'q', job: 'j' }, 1, 'to have either a job or a queue, got both'],
    [{ queue: 'q' }, 0, 'Expected concurrency to be an integer from 1 to 100000, got 0'],
    [{ queue: 'q' }, 1.5, 'Expected concurrency to be an integer from 1 to 100000, got 1.5'],
  ])('refuses %o and %s', async (target, concurrency, message) => {
    const { db } = await queue()
    const call = scaleQueue(db, target as { queue: string }, concurrency)
    await expect(call).rejects.toThrow(message)
    await expect(call).rejects.toBeInstanceOf(TypeError)
  })
})
