import { Cancelled, cancelScope, IoError, shield, sleep, taskGroup } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { cancelJob } from './cancel-job.ts'
import { enqueue, enqueueMany } from './enqueue.ts'
import { listenOn } from './fixtures/listen-on.ts'
import { queue, type Queue } from './fixtures/queue.ts'
import { getJob } from './get-job.ts'
import { defineJob, type JobContext } from './job.ts'
import { jobStats } from './job-stats.ts'
import { createWorker } from './worker.ts'
import type { WorkerEvent } from './worker-event.ts'
import type { WorkerOptions } from './worker-options.ts'

/** A job whose handler tells that it has begun and then waits for its cancel. */
function blocking(name = 'block'): {
  job: ReturnType<typeof defineJob<object>>
  begun: Promise<JobContext>
  reasons: unknown[]
} {
  const { promise: begun, resolve } = Promise.withResolvers<JobContext>()
  const reasons: unknown[] = []
  const job = defineJob<object>({
    name,
    run: async (_, context) => {
      resolve(context)
      try {
        await sleep(Infinity)
      } catch (error) {
        reasons.push(context.signal.reason)
        throw error
      }
    },
  })
  return { job, begun, reasons }
}

/** Runs a worker around `body` and shuts it down after it. */
async function withWorker(
  db: Queue['db'],
  options: WorkerOptions,
  body: (events: WorkerEvent[]) => Promise<void>,
): Promise<WorkerEvent[]> {
  const events: WorkerEvent[] = []
  const worker = createWorker(db, {
    pollMs: 10,
    shutdownGraceMs: 0,
    ...options,
    onEvent: (event) => {
      events.push(event)
      options.onEvent?.(event)
    },
  })
  await taskGroup(async (group) => {
    const task = group.spawn(() => worker.run())
    await body(events)
    task.cancel('the test is over')
  })
  return events
}

const types = (events: readonly WorkerEvent[]): string[] => events.map((event) => event.type)

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

  test('takes only the jobs and queues that it serves, and no more than it has slots for', async () => {
    const { db } = await queue()
    const { job, begun } = blocking()
    const stranger = defineJob<object>({ name: 'stranger', run: async () => undefined })
    await enqueueMany(db, job, [{}, {}, {}])
    await enqueue(db, stranger, {})
    await enqueue(db, job, {}, { queue: 'elsewhere' })
    await withWorker(db, { jobs: [job], concurrency: 2 }, async () => {
      await begun
      expect(await jobStats(db)).toMatchObject({ running: 2, waiting: 3 })
    })
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
      code: 'database',
      outcome: 'none',
    })
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

describe('a failed attempt', () => {
  test('is tried again until the attempts are used up, and its last error is kept redacted', async () => {
    const { db } = await queue()
    const seen: number[] = []
    const job = defineJob<object>({
      name: 'broken',
      attempts: 3,
      backoff: () => 0,
      run: async (_, { attempt }) => {
        seen.push(attempt)
        throw Object.assign(
          new Error(`no way to postgres://app:hunter2@db/app ${'x'.repeat(2_000)}`),
          { code: 'E_DOWN' },
        )
      },
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(seen).toEqual([1, 2, 3])
    const kept = await getJob(db, id)
    expect(kept).toMatchObject({ state: 'failed', attempt: 3, lastError: { code: 'E_DOWN' } })
    expect(kept?.lastError?.message).toContain('postgres://app:***@db/app')
    expect(Buffer.byteLength(kept?.lastError?.message ?? '')).toBe(1_024)
  })

  test('is not tried again when its error says that another will not help', async () => {
    const { db } = await queue()
    const refused = new IoError('no such card', {
      boundary: 'billing',
      operation: 'charge',
      code: 'declined',
      retryable: false,
      outcome: 'none',
    })
    const run = async (): Promise<void> => {
      throw new AggregateError([refused])
    }
    const final = defineJob<object>({ name: 'final', run, backoff: () => 0 })
    const stubborn = defineJob<object>({
      name: 'stubborn',
      attempts: 4,
      backoff: () => 0,
      shouldRetry: () => true,
      run,
    })
    const one = await enqueue(db, final, {})
    const two = await enqueue(db, stubborn, {})
    await createWorker(db, { jobs: [final, stubborn] }).runUntilIdle()
    expect(await getJob(db, one.id)).toMatchObject({ state: 'failed', attempt: 1 })
    expect(await getJob(db, two.id)).toMatchObject({ state: 'failed', attempt: 4 })
  })

  test('waits as long as the other side asked for before the next', async () => {
    const { db } = await queue()
    const job = defineJob<object>({
      name: 'throttled',
      backoff: { baseDelayMs: 1 },
      run: async () => {
        throw Object.assign(new Error('slow down'), { retryAfterMs: 120_000 })
      },
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    const found = await getJob(db, id)
    expect(found).toMatchObject({ state: 'waiting', attempt: 1 })
    expect((found?.runAt.getTime() ?? 0) - (found?.enqueuedAt.getTime() ?? 0)).toBeGreaterThan(
      119_000,
    )
  })

  test('is one that took longer than its timeoutMs', async () => {
    const { db } = await queue()
    const job = defineJob<object>({
      name: 'slow',
      attempts: 1,
      timeoutMs: 20,
      run: () => sleep(Infinity),
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({
      state: 'failed',
      lastError: { name: 'TimeoutError', code: 'timeout' },
    })
  })

  test('is not one that let a Cancelled pass: that gives the attempt back', async () => {
    const { db } = await queue()
    let runs = 0
    const job = defineJob<object>({
      name: 'interrupted',
      attempts: 1,
      backoff: () => 0,
      run: async () => {
        runs += 1
        if (runs > 3) return
        await cancelScope(async (scope) => {
          scope.cancel('from within')
          await sleep(1)
        })
      },
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 1 })
    expect(runs).toBe(4)
  })

  test('comes of a stored payload that the job no longer accepts, for good', async () => {
    const { db } = await queue()
    const before = defineJob<object>({ name: 'evolving', run: async () => undefined })
    let ran = false
    const after = defineJob<{ version: 2 }>({
      name: 'evolving',
      run: async () => {
        ran = true
      },
      parse: () => {
        throw new Error('version is missing')
      },
    })
    const { id } = await enqueue(db, before, {})
    await createWorker(db, { jobs: [after] }).runUntilIdle()
    expect(ran).toBe(false)
    expect(await getJob(db, id)).toMatchObject({
      state: 'failed',
      attempt: 1,
      lastError: { code: 'invalid_payload' },
    })
  })
})

describe('shutdown', () => {
  test('returns running jobs to the queue with their attempts given back', async () => {
    const { db } = await queue()
    const { job, begun, reasons } = blocking()
    const { id } = await enqueue(db, job, {})
    const events = await withWorker(db, { jobs: [job] }, async () => {
      await begun
    })
    expect(await getJob(db, id)).toMatchObject({ state: 'waiting', attempt: 0 })
    expect(types(events)).toEqual(['started', 'returned'])
    expect(reasons[0]).toMatchObject({
      name: 'Cancelled',
      message: expect.stringContaining('shutting down') as string,
    })
  })

  test('lets handlers end within the grace', async () => {
    const { db } = await queue()
    const begun = Promise.withResolvers<void>()
    const stopped = Promise.withResolvers<void>()
    const job = defineJob<object>({
      name: 'brief',
      run: async () => {
        begun.resolve()
        await stopped.promise
      },
    })
    const { id } = await enqueue(db, job, {})
    const worker = createWorker(db, { jobs: [job], pollMs: 10, shutdownGraceMs: 60_000 })
    const call = cancelScope(async (scope) => {
      const work = worker.run()
      await begun.promise
      scope.cancel('SIGTERM, say')
      await shield(() => enqueue(db, job, {}))
      stopped.resolve()
      await work
    })
    await expect(call).rejects.toSatisfy((error) => Cancelled.isInstance(error))
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 1 })
    expect(await jobStats(db)).toMatchObject({ waiting: 1, running: 0 })
  })
})

describe('lease', () => {
  test('that was taken over cannot complete the job, and its handler is told', async () => {
    const { db } = await queue()
    const { job, begun, reasons } = blocking()
    const { id } = await enqueue(db, job, {})
    const lost = Promise.withResolvers<void>()
    const onEvent = (event: WorkerEvent): void => {
      if (event.type === 'lost') lost.resolve()
    }
    const options = { jobs: [job], leaseMs: 60_000, heartbeatMs: 10, pollMs: 60_000, onEvent }
    await withWorker(db, options, async () => {
      const { completeIn } = await begun
      await takeOver(db, id)
      const late = db.transaction().execute(async (tx) => {
        await completeIn(tx)
      })
      await expect(late).rejects.toMatchObject({ code: 'lease_lost', outcome: 'none' })
      await lost.promise
    })
    expect(reasons[0]).toMatchObject({ message: expect.stringContaining('was lost') as string })
    expect(await getJob(db, id)).toMatchObject({ state: 'running', attempt: 2 })
  })

  test('that was taken over cannot complete the job by the end of the handler either', async () => {
    const { db } = await queue()
    const begun = Promise.withResolvers<void>()
    const end = Promise.withResolvers<void>()
    const job = defineJob<object>({
      name: 'deaf',
      run: async () => {
        begun.resolve()
        await end.promise
      },
    })
    const { id } = await enqueue(db, job, {})
    const lost = Promise.withResolvers<void>()
    const onEvent = (event: WorkerEvent): void => {
      if (event.type === 'lost') lost.resolve()
    }
    await withWorker(db, { jobs: [job], leaseMs: 60_000, onEvent }, async () => {
      await begun.promise
      await takeOver(db, id)
      end.resolve()
      await lost.promise
    })
    expect(await getJob(db, id)).toMatchObject({ state: 'running', attempt: 2 })
  })

  test('is extended while the handler runs, so that nobody takes it over', async () => {
    const { db } = await queue()
    const beats = Promise.withResolvers<void>()
    const job = defineJob<object>({ name: 'long', run: () => beats.promise })
    const { id } = await enqueue(db, job, {})
    const leaseOf = async (): Promise<string> =>
      (
        await sql<{ at: string | null }>`
        select lease_until::text as at from yuzuru_jobs where id = ${id}::uuid`.execute(db)
      ).rows[0]?.at ?? ''
    await withWorker(db, { jobs: [job], leaseMs: 60_000, heartbeatMs: 10 }, async () => {
      await expect.poll(leaseOf, { interval: 5 }).not.toBe('')
      const first = await leaseOf()
      await expect.poll(leaseOf, { interval: 5 }).not.toBe(first)
      beats.resolve()
      await expect.poll(() => getJob(db, id), { interval: 5 }).toMatchObject({ state: 'completed' })
    })
  })

  test('that expired brings the job back with the attempt used, until none is left', async () => {
    const { db } = await queue()
    const job = defineJob<object>({ name: 'orphan', attempts: 2, run: async () => undefined })
    const again = await enqueue(db, job, {})
    const spent = await enqueue(db, job, {})
    await takeOver(db, again.id, 1)
    await takeOver(db, spent.id, 2)
    await sql`update yuzuru_jobs set lease_until = now() - interval '1 second'`.execute(db)
    const events: WorkerEvent[] = []
    const worker = createWorker(db, { jobs: [job], onEvent: (event) => events.push(event) })
    await worker.runUntilIdle()
    expect(await getJob(db, again.id)).toMatchObject({ state: 'completed', attempt: 2 })
    expect(await getJob(db, spent.id)).toMatchObject({
      state: 'failed',
      attempt: 2,
      lastError: { code: 'lease_expired' },
    })
    expect(types(events).filter((type) => type === 'recovered')).toHaveLength(2)
  })

  test('ends the handler when the database cannot be asked for as long as it', async () => {
    const { db } = await queue()
    const { job, begun, reasons } = blocking()
    await enqueue(db, job, {})
    const lost = Promise.withResolvers<void>()
    const onEvent = (event: WorkerEvent): void => {
      if (event.type === 'lost') lost.resolve()
    }
    const options = { jobs: [job], leaseMs: 200, heartbeatMs: 50, pollMs: 60_000, onEvent }
    await withWorker(db, options, async () => {
      await begun
      await sql`alter table yuzuru_jobs rename to out_of_reach`.execute(db)
      await lost.promise
    })
    expect(reasons).toHaveLength(1)
  })
})

describe('completeIn', () => {
  test('completes the job and writes its effect in one transaction, exactly once', async () => {
    const { db } = await queue()
    await sql`create table effects (job_id uuid, pid integer)`.execute(db)
    let runs = 0
    const job = defineJob<object>({
      name: 'exact',
      backoff: () => 0,
      run: async (_, { jobId, completeIn }) => {
        runs += 1
        await db.transaction().execute(async (tx) => {
          await completeIn(tx)
          await tx.insertInto('effects').values({ job_id: jobId, pid: runs }).execute()
          if (runs === 1) throw new Error('rolled back')
        })
        throw new Error('after the commit: the job is done all the same')
      },
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    const effects = await db.selectFrom('effects').selectAll().execute()
    expect(effects).toEqual([{ job_id: id, pid: 2 }])
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 2 })
  })

  test('does not hold up the heartbeats of other jobs while its transaction is open', async () => {
    const { db } = await queue()
    const inside = Promise.withResolvers<void>()
    const commit = Promise.withResolvers<void>()
    const job = defineJob<object>({
      name: 'open',
      run: (_, { completeIn }) =>
        db.transaction().execute(async (tx) => {
          await completeIn(tx)
          inside.resolve()
          await commit.promise
        }),
    })
    const { job: other, begun } = blocking()
    await enqueue(db, job, {})
    const { id } = await enqueue(db, other, {})
    const leaseOf = async (): Promise<unknown> =>
      (await sql`select lease_until from yuzuru_jobs where id = ${id}::uuid`.execute(db)).rows[0]
    const options = { jobs: [job, other], leaseMs: 60_000, heartbeatMs: 10 }
    const events = await withWorker(db, options, async () => {
      await inside.promise
      await begun
      const first = await leaseOf()
      await expect.poll(leaseOf, { interval: 5 }).not.toEqual(first)
      commit.resolve()
      await expect.poll(() => jobStats(db), { interval: 5 }).toMatchObject({ completed: 1 })
    })
    expect(types(events)).not.toContain('lost')
  })

  test('takes nothing but a transaction', async () => {
    const { db } = await queue()
    const { job, begun } = blocking()
    await enqueue(db, job, {})
    await withWorker(db, { jobs: [job] }, async () => {
      const { completeIn } = await begun
      await expect(completeIn(db)).rejects.toThrow('Expected tx to be a Transaction')
    })
  })
})

describe('cancelJob', () => {
  test('ends a running handler at the next heartbeat, and the job does not come back', async () => {
    const { db } = await queue()
    const { job, begun } = blocking()
    const { id } = await enqueue(db, job, {})
    await withWorker(db, { jobs: [job], heartbeatMs: 10 }, async (events) => {
      await begun
      expect(await cancelJob(db, id)).toBe('requested')
      await expect.poll(() => types(events), { interval: 5 }).toContain('cancelled')
    })
    expect(await getJob(db, id)).toMatchObject({ state: 'cancelled' })
    expect(await cancelJob(db, id)).toBe('finished')
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
    expect(make({ leaseMs: 1_000, heartbeatMs: 900 })).toThrow('Expected heartbeatMs')
    expect(make({ queues: [] })).toThrow('Expected queues')
    expect(make({ listen: 1 })).toThrow('Expected listen')
    await db.transaction().execute(async (tx) => {
      expect(() => createWorker(tx, { jobs: [job] })).toThrow('Expected db to be a Kysely')
    })
  })
})

/** What another worker does when a lease has expired. */
async function takeOver(db: Queue['db'], id: string, attempt = 2): Promise<void> {
  await sql`update yuzuru_jobs set state = 'running', claim_id = gen_random_uuid(), worker = 'another',
    attempt = ${attempt}::integer, lease_until = now() + interval '1 hour'
    where id = ${id}::uuid`.execute(db)
}
