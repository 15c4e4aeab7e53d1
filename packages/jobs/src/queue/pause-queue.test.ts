import { taskGroup } from '@yuzuru/concurrency'
import { type Kysely, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { expireLeases, takeOver, withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import type { Job } from '../job/job.ts'
import { createWorker } from '../worker/worker.ts'
import { enqueue, enqueueMany } from './enqueue.ts'
import { jobStats } from './job-stats.ts'
import { pauseQueue, resumeQueue } from './pause-queue.ts'

interface Payload {
  readonly n: number
}

const payloads = (many: number): Payload[] => Array.from({ length: many }, (_, n) => ({ n }))

/** Two kinds, of which each is in its own queue unless it is put into the other's, and what ran. */
function kinds() {
  const ran: string[] = []
  const kind = (name: string, queue: string): Job<Payload> =>
    defineJob<Payload>({ name, queue, run: async ({ n }) => void ran.push(`${name} ${n}`) })
  const [mail, sync] = [kind('mail', 'slow'), kind('sync', 'fast')]
  const work = async (
    db: Kysely<TestSchema>,
    jobs: Job<Payload>[] = [mail, sync],
  ): Promise<string[]> => {
    ran.length = 0
    await createWorker(db, { jobs, queues: ['slow', 'fast'] }).runUntilIdle()
    return ran.toSorted()
  }
  return { mail, sync, ran, work }
}

describe('a pause', () => {
  test('of a kind or a queue lets no worker take any of it, until it is over', async () => {
    const { db } = await queue()
    const { mail, sync, work } = kinds()
    const enqueueAll = async (): Promise<void> => {
      await enqueue(db, mail, { n: 1 })
      await enqueue(db, mail, { n: 2 }, { queue: 'fast' })
      await enqueue(db, sync, { n: 3 })
    }
    await enqueueAll()
    expect(await pauseQueue(db, { job: mail })).toBe(true)
    expect(await pauseQueue(db, { job: 'mail' })).toBe(false)
    // One that serves a single lane asks in another way.
    expect(await work(db, [mail])).toEqual([])
    expect(await work(db)).toEqual(['sync 3'])
    expect(await pauseQueue(db, { queue: 'slow' })).toBe(true)
    expect(await resumeQueue(db, { job: mail })).toBe(true)
    expect(await resumeQueue(db, { job: mail })).toBe(false)
    expect(await work(db)).toEqual(['mail 2'])
    expect(await resumeQueue(db, { queue: 'slow' })).toBe(true)
    expect(await work(db)).toEqual(['mail 1'])
  })

  test('is seen in jobStats, also before there is such a kind', async () => {
    const { db } = await queue()
    const { mail } = kinds()
    await pauseQueue(db, { queue: 'slow' })
    await pauseQueue(db, { job: 'mail' })
    await enqueue(db, mail, { n: 1 })
    const { paused, waiting, lanes } = await jobStats(db)
    expect(paused).toEqual([
      { job: 'mail', queue: undefined, pausedAt: expect.any(Date) },
      { job: undefined, queue: 'slow', pausedAt: expect.any(Date) },
    ])
    expect(Math.abs(Date.now() - (paused[0]?.pausedAt.getTime() ?? 0))).toBeLessThan(60_000)
    expect([waiting, lanes]).toMatchObject([1, [{ name: 'mail', due: 1 }]])
  })

  test('holds from the commit of its transaction on, and not after a rollback', async () => {
    const { db } = await queue()
    const { mail, work } = kinds()
    await enqueue(db, mail, { n: 1 })
    const undone = new Error('undone')
    await expect(
      db.transaction().execute(async (tx) => {
        await pauseQueue(tx, { job: mail })
        throw undone
      }),
    ).rejects.toBe(undone)
    expect(await work(db)).toEqual(['mail 1'])
    await enqueue(db, mail, { n: 2 })
    await db.transaction().execute(async (tx) => await pauseQueue(tx, { job: mail }))
    expect(await work(db)).toEqual([])
  })

  test('holds for what is for later, tried again, or ran when its worker vanished', async () => {
    const { db } = await queue()
    const { mail, work } = kinds()
    const { id } = await enqueue(db, mail, { n: 1 })
    await takeOver(db, id, 1)
    await enqueue(db, mail, { n: 2 }, { delayMs: 60_000 })
    await pauseQueue(db, { job: mail })
    await expireLeases(db)
    await sql`update yuzuru_jobs set run_at = now() where stage = 1`.execute(db)
    expect(await work(db)).toEqual([])
    const { rows } = await sql<{ stage: number }>`
      select stage from yuzuru_jobs where worker is null order by stage`.execute(db)
    expect(rows).toEqual([{ stage: 0 }, { stage: 2 }])
    await resumeQueue(db, { job: mail })
    expect(await work(db)).toEqual(['mail 1', 'mail 2'])
  })

  test('lets none of a kind with a rate go meanwhile, so that no more begin after it than the rate says', async () => {
    const { db } = await queue()
    const ran: number[] = []
    const job = defineJob<Payload>({
      name: 'limited',
      limits: { rate: { count: 2, perMs: 3_600_000 } },
      tenant: ({ n }) => `tenant ${n}`,
      run: async ({ n }) => void ran.push(n),
    })
    const work = (): Promise<void> => createWorker(db, { jobs: [job] }).runUntilIdle()
    await enqueueMany(db, job, payloads(150))
    for (const target of [{ job }, { queue: 'default' }]) {
      await pauseQueue(db, target)
      // More than a look has tenants; and an hour, over and over.
      for (let hour = 0; hour < 3; hour += 1) {
        await work()
        await sql`update yuzuru_job_starts set at = at - interval '1 hour'`.execute(db)
      }
      expect(ran).toEqual([])
      expect(await jobStats(db)).toMatchObject({ lanes: [{ held: 150, due: 0 }] })
      await resumeQueue(db, target)
      await work()
      expect(ran.splice(0)).toHaveLength(2)
      await sql`delete from yuzuru_job_starts`.execute(db)
      await enqueueMany(db, job, payloads(2))
    }
  })

  test('holds up no tenant whose jobs are in another queue', async () => {
    const { db } = await queue()
    const ran: number[] = []
    const job = defineJob<Payload>({
      name: 'limited',
      limits: { concurrency: 1_000 },
      tenant: ({ n }) => `${n}`.padStart(4, '0'),
      run: async ({ n }) => void ran.push(n),
    })
    await enqueueMany(db, job, payloads(250))
    await enqueue(db, job, { n: 999 }, { queue: 'fast' })
    await pauseQueue(db, { queue: 'default' })
    const worker = createWorker(db, { jobs: [job], queues: ['default', 'fast'] })
    // A hundred tenants in a look.
    for (let round = 0; round < 3; round += 1) await worker.runUntilIdle()
    expect(ran).toEqual([999])
  })

  test('ends at once for workers that listen, and what ran before it has gone on', async () => {
    const { db } = await queue()
    const begun = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    const second = Promise.withResolvers<void>()
    const job = defineJob<Payload>({
      name: 'mail',
      run: async ({ n }) => {
        if (n === 2) return second.resolve()
        begun.resolve()
        await go.promise
      },
    })
    await enqueue(db, job, { n: 1 })
    await withWorker(db, { jobs: [job] }, async (events) => {
      await begun.promise
      await pauseQueue(db, { job })
      await enqueue(db, job, { n: 2 })
      go.resolve()
      await expect.poll(() => events.filter(({ type }) => type === 'completed')).toHaveLength(1)
      await resumeQueue(db, { job })
      await second.promise
    })
  })

  test('holds for many workers at once', async () => {
    const { db } = await queue()
    const { mail, ran } = kinds()
    await pauseQueue(db, { job: mail })
    await enqueueMany(db, mail, payloads(50))
    await taskGroup(async (group) => {
      for (let each = 0; each < 4; each += 1) {
        group.spawn(() => createWorker(db, { jobs: [mail] }).runUntilIdle())
      }
    })
    expect(ran).toEqual([])
    expect(await jobStats(db)).toMatchObject({ waiting: 50, completed: 0 })
  })
})

describe.each([pauseQueue, resumeQueue])('%o', (verb) => {
  test.each([
    [undefined, 'Expected the target of'],
    ['mail', 'Expected the target of'],
    [{}, 'to have either a job or a queue, got neither'],
    [{ job: 'mail', queue: 'slow' }, 'to have either a job or a queue, got both'],
    [{ kind: 'mail' }, 'Expected a known option of'],
    [{ job: '' }, 'Expected job to be 1 to 200 characters'],
    [{ job: {} }, 'Expected job to be 1 to 200 characters'],
    [{ job: null }, 'Expected job to be 1 to 200 characters'],
    [{ queue: 7 }, 'Expected queue to be 1 to 200 characters'],
  ])('refuses %o', async (target, message) => {
    const db = { getExecutor: () => expect.unreachable() }
    await expect(verb(db as never, target as never)).rejects.toThrow(message)
  })
})
