import { sleep } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { listenOn } from '../../test/listen-on.ts'
import { queue } from '../../test/queue.ts'
import { blocking, types, withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import { jobStats } from '../queue/job-stats.ts'
import { createWorker } from './worker.ts'
import type { WorkerEvent } from './worker-event.ts'

describe('worker', () => {
  test('runs what is due, by priority, then time, then order of enqueueing', async () => {
    const { db } = await queue()
    const order: string[] = []
    const job = defineJob<{ is: string }>({
      name: 'ordered',
      run: async ({ is }) => {
        order.push(is)
      },
    })
    await enqueueMany(db, job, [{ is: 'c' }, { is: 'd' }])
    await enqueue(db, job, { is: 'b' }, { runAt: new Date('2020-01-01') })
    await enqueue(db, job, { is: 'a' }, { priority: -1 })
    await enqueue(db, job, { is: 'e' }, { priority: 1 })
    await createWorker(db, { jobs: [job], concurrency: 1 }).runUntilIdle()
    expect(order).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(await jobStats(db)).toMatchObject({ completed: 5, waiting: 0, oldestWaitingMs: 0 })
  })

  test('leaves a job for later until the time has come on the database clock', async () => {
    const { db } = await queue()
    let runs = 0
    const job = defineJob<object>({
      name: 'later',
      run: async () => {
        runs += 1
      },
    })
    // A day ahead on this machine's clock, if that were asked, is far in the past on the server's.
    const now = Date.now
    onTestFinished(() => {
      Date.now = now
    })
    Date.now = () => now() + 864e5
    const { id } = await enqueue(db, job, {}, { delayMs: 3_600_000 })
    const worker = createWorker(db, { jobs: [job] })
    await worker.runUntilIdle()
    expect(runs).toBe(0)
    await sql`update yuzuru_jobs set run_at = now() where id = ${id}::uuid`.execute(db)
    await worker.runUntilIdle()
    expect(runs).toBe(1)
  })

  test('orders what is due over all its queues', async () => {
    const { db } = await queue()
    const order: string[] = []
    const job = defineJob<{ is: string }>({
      name: 'ordered',
      run: async ({ is }) => {
        order.push(is)
      },
    })
    await enqueue(db, job, { is: 'c' }, { queue: 'first', priority: 2 })
    await enqueue(db, job, { is: 'b' }, { queue: 'second', priority: 1 })
    await enqueue(db, job, { is: 'a' }, { queue: 'third', priority: 0 })
    const queues = ['first', 'second', 'third']
    await createWorker(db, { jobs: [job], concurrency: 1, queues }).runUntilIdle()
    expect(order).toEqual(['a', 'b', 'c'])
  })

  test('takes only the jobs and queues that it serves, and no more than it has slots for', async () => {
    const { db } = await queue()
    const { job, begun } = blocking()
    const stranger = defineJob<object>({ name: 'stranger', run: async () => undefined })
    await enqueue(db, job, {})
    await enqueue(db, stranger, {})
    await enqueue(db, job, {}, { queue: 'elsewhere' })
    await withWorker(db, { jobs: [job], concurrency: 2 }, async (events) => {
      await begun
      await enqueueMany(db, job, [{}, {}, {}])
      await expect.poll(() => types(events), { interval: 5 }).toEqual(['started', 'started'])
      expect(await jobStats(db)).toMatchObject({ running: 2, waiting: 4 })
    })
  })

  test('takes the next job as soon as a slot is free, long before its next poll', async () => {
    const { db } = await queue()
    const done = Promise.withResolvers<void>()
    const job = defineJob<{ n: number }>({
      name: 'in-turn',
      run: async ({ n }) => {
        if (n === 3) done.resolve()
      },
    })
    await enqueueMany(db, job, [{ n: 1 }, { n: 2 }, { n: 3 }])
    await withWorker(db, { jobs: [job], concurrency: 1, pollMs: 600_000 }, () => done.promise)
  })

  test('goes on when the database fails for a while, when it takes and when it settles', async () => {
    const { db } = await queue()
    await sql`create sequence tries`.execute(db)
    await sql`create function fail_twice() returns trigger language plpgsql as $$ begin
      if nextval('tries') in (2, 3, 5, 6) then
        raise exception 'try again' using errcode = '40001';
      end if;
      return new;
    end $$`.execute(db)
    await sql`create trigger fail_twice before update on yuzuru_jobs
      for each row execute function fail_twice()`.execute(db)
    const job = defineJob<{ n: number }>({ name: 'patient', run: async () => undefined })
    // Updates 2 and 3 settle the first job in vain, 5 and 6 take the second in vain.
    await enqueueMany(db, job, [{ n: 1 }, { n: 2 }])
    const options = { jobs: [job], concurrency: 1, heartbeatMs: 10_000 }
    const events = await withWorker(db, options, async () => {
      await expect.poll(() => jobStats(db), { interval: 10 }).toMatchObject({ completed: 2 })
    })
    const errors = events.filter((event) => event.type === 'error')
    expect(errors.map((event) => event.operation)).toEqual(['claim', 'claim'])
  })

  test('holds no connection and no transaction while a handler runs', async () => {
    const { db, name } = await queue()
    const { job, begun } = blocking()
    await enqueue(db, job, {})
    await withWorker(db, { jobs: [job], pollMs: 60_000 }, async () => {
      await begun
      const { rows } = await sql<{ state: string }>`
        select state from pg_stat_activity
        where application_name = ${name} and pid <> pg_backend_pid() and state <> 'idle'`.execute(
        db,
      )
      expect(rows).toEqual([])
    })
  })

  test('never has two workers run the same job at once', async () => {
    const { db } = await queue()
    const now = new Set<string>()
    const runs = new Map<string, number>()
    let together = 0
    const job = defineJob<{ n: number }>({
      name: 'once',
      run: async (_, { jobId }) => {
        if (now.has(jobId)) together += 1
        now.add(jobId)
        await sleep(0)
        now.delete(jobId)
        runs.set(jobId, (runs.get(jobId) ?? 0) + 1)
      },
    })
    await enqueueMany(
      db,
      job,
      Array.from({ length: 300 }, (_, n) => ({ n })),
    )
    const worker = (): Promise<void> =>
      createWorker(db, { jobs: [job], concurrency: 7 }).runUntilIdle()
    await Promise.all([worker(), worker(), worker()])
    expect(together).toBe(0)
    expect([...runs.values()]).toEqual(Array.from({ length: 300 }, () => 1))
  })

  test('fails at once when the queue has no table', async () => {
    const { db } = await queue()
    const { job } = blocking()
    await sql`alter table yuzuru_jobs rename to gone`.execute(db)
    const call = createWorker(db, { jobs: [job] }).run()
    await expect(call).rejects.toMatchObject({
      name: 'JobError',
      code: 'not_migrated',
      outcome: 'none',
    })
  })

  test('survives the loss of all its connections in the middle', async () => {
    const { db, name } = await queue()
    const job = defineJob<{ n: number }>({ name: 'resilient', run: () => sleep(1) })
    await enqueueMany(
      db,
      job,
      Array.from({ length: 100 }, (_, n) => ({ n })),
    )
    let completed = 0
    const middle = Promise.withResolvers<void>()
    const onEvent = ({ type }: WorkerEvent): void => {
      if (type === 'completed') completed += 1
      if (completed === 30) middle.resolve()
    }
    await withWorker(db, { jobs: [job], leaseMs: 500, onEvent }, async () => {
      await middle.promise
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = ${name} and pid <> pg_backend_pid()`.execute(db)
      await expect
        .poll(() => jobStats(db))
        .toMatchObject({
          completed: 100,
        })
    })
  })

  test('runs once at a time, and again after that', async () => {
    const { db } = await queue()
    const { job } = blocking()
    const worker = createWorker(db, { jobs: [job] })
    const first = worker.runUntilIdle()
    await expect(worker.run()).rejects.toThrow('Expected the worker to be idle')
    await first
    await worker.runUntilIdle()
  })

  test('wakes by a notification, long before its next poll', async () => {
    const { db, url } = await queue()
    const done = Promise.withResolvers<void>()
    const job = defineJob<object>({
      name: 'prompt',
      run: async () => done.resolve(),
    })
    const listening = Promise.withResolvers<void>()
    const options = { jobs: [job], pollMs: 600_000, listen: listenOn(url, listening.resolve) }
    await withWorker(db, options, async () => {
      await listening.promise
      await enqueue(db, job, {})
      await done.promise
    })
  })
})

describe('createWorker', () => {
  test('refuses wrong options', async () => {
    const { db } = await queue()
    const { job } = blocking()
    const make = (options: object) => () => createWorker(db, { jobs: [job], ...options })
    expect(make({ jobs: [] })).toThrow('Expected jobs')
    expect(make({ jobs: [job, job] })).toThrow('Expected jobs to have names that differ')
    expect(make({ concurrency: 0 })).toThrow('Expected concurrency')
    expect(make({ pollMs: 1 })).toThrow('Expected pollMs')
    expect(make({ agingMs: 0 })).toThrow('Expected agingMs')
    expect(make({ agingMs: Infinity })).not.toThrow()
    expect(make({ leaseMs: 1_000, heartbeatMs: 900 })).toThrow('Expected heartbeatMs')
    expect(make({ queues: [] })).toThrow('Expected queues')
    expect(make({ listen: 1 })).toThrow('Expected listen')
    await db.transaction().execute(async (tx) => {
      expect(() => createWorker(tx, { jobs: [job] })).toThrow('Expected db to be a Kysely')
    })
  })
})
