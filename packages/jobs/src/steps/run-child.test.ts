import { gather } from '@yuzuru/concurrency'
import { createDatabase } from '@yuzuru/db'
import { type Kysely, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { counter, type Handler, stepping } from '../../test/stepping.ts'
import { blocking, takeOver, types, withWorker } from '../../test/with-worker.ts'
import type { JobError } from '../job-error.ts'
import { defineJob } from '../job/define-job.ts'
import type { Job } from '../job/job.ts'
import { cancelJob } from '../queue/cancel-job.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { jobStats } from '../queue/job-stats.ts'
import { prune } from '../queue/prune.ts'
import { retryJob } from '../queue/retry-job.ts'
import { createWorker } from '../worker/worker.ts'
import type { WorkerEvent } from '../worker/worker-event.ts'

async function drain(db: Kysely<TestSchema>, ...jobs: Job[]): Promise<string[]> {
  const events: WorkerEvent[] = []
  const onEvent = (event: WorkerEvent): void => void events.push(event)
  await createWorker(db, { jobs, concurrency: 1, onEvent }).runUntilIdle()
  return events.map((event) => ('name' in event ? `${event.name} ${event.type}` : event.type))
}

const double = defineJob<{ n: number }, number>({
  name: 'double',
  attempts: 1,
  run: async ({ n }) => {
    if (n < 0) throw new Error('below zero')
    return 2 * n
  },
})

/** The jobs of a kind, with how each stands. */
async function childrenOf(db: Kysely<TestSchema>): Promise<{ id: string; state: string }[]> {
  const { rows } = await sql<{ id: string; state: string }>`
    select id, 'unfinished' as state from yuzuru_jobs where name <> 'steps'
    union all select id, state from yuzuru_job_history where name <> 'steps'`.execute(db)
  return rows
}

describe('step.run', () => {
  test('gives the result of a child, and takes no place and no attempt meanwhile', async () => {
    const { db } = await queue()
    const got: unknown[] = []
    const job = stepping(async ({ step }) => {
      got.push(await step.run(double, { n: 21 }))
    }, 1)
    const { id } = await enqueue(db, job, {})
    // In one place: the parent would wait for ever if it held that.
    const events = await drain(db, job, double)
    expect(events.filter((event) => event.startsWith('steps'))).toEqual([
      'steps started',
      'steps sleeping',
      'steps started',
      'steps completed',
    ])
    expect(events).toContain('double completed')
    expect(got).toEqual([42])
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 1 })
  })

  test('has one child, and keeps what that gave, however often its handler is run', async () => {
    const { db } = await queue()
    const { calls, of } = counter()
    const counted = defineJob<object, number>({
      name: 'counted',
      run: async () => of('child', 7),
    })
    const got: unknown[] = []
    const job = stepping(async ({ step, attempt }) => {
      await gather([
        async () => void got.push(await step.run(counted, {})),
        // The first run fails while it makes the child, or just before or after that.
        async () => {
          if (attempt === 1) await step('beside', () => Promise.reject(new Error('once more')))
        },
      ])
      if (attempt < 4) throw new Error('once more')
    })
    await enqueue(db, job, {})
    await drain(db, job, counted)
    expect(calls).toEqual({ child: 1 })
    expect(got).toEqual(got.map(() => 7))
    expect(got.length).toBeGreaterThan(1)
  })

  test('needs its child no longer once that has completed', async () => {
    const { db } = await queue()
    const got: unknown[] = []
    const schema = z.object({ on: z.iso.date().transform((on) => new Date(on)) })
    const dated = defineJob({
      name: 'dated',
      result: schema,
      run: async () => ({ on: '2026-04-01' }),
    })
    const job = stepping(async ({ step, attempt }) => {
      got.push(await step.run(dated, {}))
      if (attempt === 1) {
        await prune(db, { olderThanMs: 0 })
        throw new Error('once more')
      }
    })
    await enqueue(db, job, {})
    await drain(db, job, dated)
    const on = { on: new Date('2026-04-01') }
    expect(got).toEqual([on, on])
  })

  test('runs children side by side, of which each is told from the others by its name', async () => {
    const { db } = await queue()
    const got: unknown[] = []
    const job = stepping(async ({ step }) => {
      const all = [1, 2, 3].map((n) => () => step.run(double, { n }, { name: `double ${n}` }))
      got.push(await gather(all))
    }, 1)
    await enqueue(db, job, {})
    await drain(db, job, double)
    expect(got).toEqual([[2, 4, 6]])
    expect(await childrenOf(db)).toHaveLength(3)
  })

  test('fails for good with a child that has failed, in an error that says which', async () => {
    const { db } = await queue()
    const job = stepping(async ({ step }) => void (await step.run(double, { n: -1 })))
    const { id } = await enqueue(db, job, {})
    await drain(db, job, double)
    const [child] = await childrenOf(db)
    expect(await getJob(db, id)).toMatchObject({
      state: 'failed',
      attempt: 1,
      lastError: {
        code: 'job_failed',
        message: `Job ${child?.id} ("double") failed: below zero`,
      },
    })
  })

  test('goes on without a child that has failed where its handler lets it', async () => {
    const { db } = await queue()
    const got: unknown[] = []
    const job = stepping(async ({ step }) => {
      const failed = await step.run(double, { n: -1 }).catch((error: unknown) => error)
      // Parked again, with a child behind it that has ended already.
      got.push(failed, await step.run(double, { n: 1 }, { name: 'second' }))
    }, 1)
    await enqueue(db, job, {})
    await drain(db, job, double)
    expect(got).toMatchObject([{ code: 'job_failed', cause: { message: 'below zero' } }, 2])
  })

  test('waits again for a child that was put back, when it is put back itself', async () => {
    const { db } = await queue()
    let isMended = false
    const fragile = defineJob<object, string>({
      name: 'fragile',
      attempts: 1,
      run: async () => {
        if (!isMended) throw new Error('not yet')
        return 'mended'
      },
    })
    const got: unknown[] = []
    const job = stepping(async ({ step }) => void got.push(await step.run(fragile, {})), 1)
    const { id } = await enqueue(db, job, {})
    await drain(db, job, fragile)
    expect((await getJob(db, id))?.state).toBe('failed')
    isMended = true
    const [child] = await childrenOf(db)
    expect(await retryJob(db, child?.id ?? '')).toBe(true)
    expect(await retryJob(db, id)).toBe(true)
    await drain(db, job, fragile)
    expect(got).toEqual(['mended'])
    expect(await childrenOf(db)).toEqual([{ id: child?.id, state: 'completed' }])
  })

  test('cancels what has not ended with its parent, also what that runs in turn', async () => {
    const { db } = await queue()
    const { job: leaf, begun, reasons } = blocking('leaf')
    const middle = defineJob<object>({
      name: 'middle',
      run: async (_, { step }) => void (await step.run(leaf, {})),
    })
    const job = stepping(async ({ step }) => await step.run(middle, {}))
    const { id } = await enqueue(db, job, {})
    const options = { jobs: [job, middle, leaf], heartbeatMs: 20, leaseMs: 60_000 }
    await withWorker(db, options, async () => {
      await begun
      expect(await cancelJob(db, id)).toBe('cancelled')
      await expect.poll(() => jobStats(db)).toMatchObject({ cancelled: 3, waiting: 0, running: 0 })
    })
    expect(reasons).toMatchObject([{ message: 'cancelJob asked for its end' }])
  })

  test('does not cancel a child that it found with the same key', async () => {
    const { db } = await queue()
    const shared = defineJob<object, string>({
      name: 'shared',
      key: () => 'one',
      run: async () => 'shared',
    })
    const { id: other } = await enqueue(db, shared, {}, { delayMs: 3_600_000 })
    const got: unknown[] = []
    const job = stepping(async ({ step }) => void got.push(await step.run(shared, {})), 1)
    const [first, second] = await enqueueMany(db, job, [{}, {}])
    await drain(db, job, shared)
    expect(await cancelJob(db, first?.id ?? '')).toBe('cancelled')
    await drain(db, job, shared)
    expect((await getJob(db, other))?.state).toBe('waiting')
    await sql`update yuzuru_jobs set run_at = now() where id = ${other}::uuid`.execute(db)
    await drain(db, job, shared)
    expect(got).toEqual(['shared'])
    expect((await getJob(db, second?.id ?? ''))?.state).toBe('completed')
  })

  test('says that a child is gone which was deleted', async () => {
    const { db } = await queue()
    const job = stepping(async ({ step }) => void (await step.run(double, { n: 1 })), 1)
    const { id } = await enqueue(db, job, {})
    await drain(db, job)
    await sql`delete from yuzuru_jobs where name = 'double'`.execute(db)
    // Nothing says so: it is found when the parent is looked at the next time.
    await sql`insert into yuzuru_job_signals (job_id) values (${id}::uuid)`.execute(db)
    await drain(db, job)
    expect((await getJob(db, id))?.lastError?.code).toBe('not_found')
  })

  test('makes no child for a parent that was lost', async () => {
    const { db } = await queue()
    const begun = Promise.withResolvers<void>()
    const taken = Promise.withResolvers<void>()
    const errors: unknown[] = []
    const job = stepping(async ({ step }) => {
      begun.resolve()
      await taken.promise
      await step.run(double, { n: 1 }).catch((error: JobError) => {
        // On its way out of the handler it takes on the outcome of all of that.
        errors.push({ code: error.code, outcome: error.outcome })
        throw error
      })
    })
    const { id } = await enqueue(db, job, {})
    await withWorker(db, { jobs: [job] }, async (events) => {
      await begun.promise
      await takeOver(db, id)
      taken.resolve()
      await expect.poll(() => types(events)).toContain('lost')
    })
    expect(errors).toEqual([{ code: 'lease_lost', outcome: 'none' }])
    expect(await childrenOf(db)).toEqual([])
  })

  test.each<[string, Handler, string]>([
    [
      'a payload that the child does not accept',
      async ({ step }) => void (await step.run(double, { n: Number.NaN })),
      'Expected payload.n to be JSON, got NaN',
    ],
    [
      'an unknown option',
      async ({ step }) => void (await step.run(double, { n: 1 }, { delay: 1 } as never)),
      'Expected a known option of step.run, got "delay"',
    ],
    [
      'a second child under the same name',
      async ({ step }) => {
        await step('double', () => 1)
        await step.run(double, { n: 2 })
      },
      'got "double" twice',
    ],
    [
      'what is no job',
      async ({ step }) => void (await step.run({ name: 'x' } as never, {})),
      'Expected job to be made by defineJob',
    ],
  ])('refuses %s, and fails the job at once', async (_, run, message) => {
    const { db } = await queue()
    const job = stepping(run)
    const { id } = await enqueue(db, job, {})
    await drain(db, job, double)
    const found = await getJob(db, id)
    expect(found).toMatchObject({ state: 'failed', attempt: 1 })
    expect(found?.lastError?.message).toContain(message)
    expect(await childrenOf(db)).toEqual([])
  })
})

test('two batches of children that end at once wake every parent, and never deadlock', async () => {
  const { db: plain, url } = await queue()
  await using db = createDatabase<object>({ url })
  const parents = 30
  const job = stepping(async ({ step }) => {
    const children = ['a', 'b'].map((name) => () => step.run(double, { n: 1 }, { name }))
    await gather(children)
  }, 1)
  await enqueueMany(
    db,
    job,
    Array.from({ length: parents }, () => ({})),
  )
  const errors: unknown[] = []
  const onEvent = (event: WorkerEvent): void => {
    if (event.type === 'error') errors.push(event.error)
  }
  const options = { jobs: [job, double], onEvent, concurrency: 15 }
  await withWorker(db, options, async () => {
    await withWorker(db, options, async () => {
      await expect
        .poll(() => jobStats(plain), { timeout: 60_000 })
        .toMatchObject({ completed: 3 * parents, waiting: 0, running: 0 })
    })
  })
  expect(errors).toEqual([])
})
