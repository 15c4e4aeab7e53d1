import { gather } from '@yuzuru/concurrency'
import { type Kysely, sql } from 'kysely'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { counter, type Handler, stepping } from '../../test/stepping.ts'
import { types, withWorker } from '../../test/with-worker.ts'
import type { Job } from '../job/job.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { createWorker } from '../worker/worker.ts'
import type { WorkerEvent } from '../worker/worker-event.ts'

const HOUR_MS = 3_600_000

/** Runs all that is due. */
async function drain(db: Kysely<TestSchema>, ...jobs: Job<object>[]): Promise<WorkerEvent[]> {
  const events: WorkerEvent[] = []
  const onEvent = (event: WorkerEvent): void => void events.push(event)
  await createWorker(db, { jobs, concurrency: 1, onEvent }).runUntilIdle()
  return events
}

/** Has the time of all sleeps, and of all that waits, come. */
async function morning(db: Kysely<TestSchema>): Promise<void> {
  await sql`update yuzuru_job_steps set wake_at = now() where wake_at is not null`.execute(db)
  await sql`update yuzuru_jobs set run_at = now()`.execute(db)
}

describe('step.sleep', () => {
  test('gives back the place and the attempt, and goes on behind the sleep', async () => {
    const { db } = await queue()
    const { calls, of } = counter()
    const sleeper = stepping(async ({ step, attempt }) => {
      of(`attempt ${attempt}`, 1)
      await step('before', () => of('before', 1))
      await step.sleep('an hour', HOUR_MS)
      await step('after', () => of('after', 1))
    }, 1)
    const { id } = await enqueue(db, sleeper, {})
    const enqueuedAt = (await getJob(db, id))?.enqueuedAt.getTime() ?? 0
    expect(types(await drain(db, sleeper))).toEqual(['started', 'sleeping'])
    const asleep = await getJob(db, id)
    expect(asleep).toMatchObject({ state: 'waiting', attempt: 0, lastError: undefined })
    expect(asleep?.runAt?.getTime()).toBeGreaterThanOrEqual(enqueuedAt + HOUR_MS)
    await morning(db)
    expect(types(await drain(db, sleeper))).toEqual(['started', 'completed'])
    expect(calls).toEqual({ 'attempt 1': 2, before: 1, after: 1 })
  })

  test('wakes by itself, at its time', async () => {
    const { db } = await queue()
    const done = Promise.withResolvers<void>()
    const job = stepping(async ({ step }) => {
      await step.sleep('first', 20)
      await step.sleep('second', 20)
      done.resolve()
    }, 1)
    await enqueue(db, job, {})
    await withWorker(db, { jobs: [job] }, () => done.promise)
  })

  test('waits for a step that does something', async () => {
    const { db } = await queue()
    const { calls, of } = counter()
    const job = stepping(async ({ step }) => {
      await gather([
        () => step.sleep('an hour', HOUR_MS),
        async () => {
          await step('first', async () => {
            // Long enough for the sleep to be kept.
            while (!(await isAsleep(db))) await new Promise(setImmediate)
            of('first', 1)
          })
          await step('second', () => of('second', 1))
        },
      ])
    })
    await enqueue(db, job, {})
    expect(types(await drain(db, job))).toEqual(['started', 'sleeping'])
    expect(calls).toEqual({ first: 1, second: 1 })
    await morning(db)
    expect(types(await drain(db, job))).toEqual(['started', 'completed'])
    expect(calls).toEqual({ first: 1, second: 1 })
  })

  test('is not begun anew by a run that failed meanwhile', async () => {
    const { db } = await queue()
    const half = sql`clock_timestamp() + interval '30 minutes'`
    const job = stepping(async ({ step, attempt }) => {
      // Half of it has passed when the second run begins.
      if (attempt > 1) await sql`update yuzuru_job_steps set wake_at = ${half}`.execute(db)
      await gather([
        () => step.sleep('an hour', HOUR_MS),
        async () => {
          if (attempt > 1) return
          await step('failing', async () => {
            while (!(await isAsleep(db))) await new Promise(setImmediate)
            throw new Error('once')
          })
        },
      ])
    })
    const { id } = await enqueue(db, job, {})
    // That it failed is told once it is written down, and by then the second run may have begun.
    const events = types(await drain(db, job))
    expect(events.toSorted()).toEqual(['retrying', 'sleeping', 'started', 'started'])
    const { rows } = await sql<{ right: boolean }>`
      select job.run_at between wake_at - interval '10 minutes' and wake_at + interval '10 minutes' as right
      from yuzuru_jobs as job join yuzuru_job_steps on job_id = id`.execute(db)
    expect(rows).toEqual([{ right: true }])
    expect(await getJob(db, id)).toMatchObject({ attempt: 1, lastError: { message: 'once' } })
  })

  test('sleeps also when its handler lets no cancel pass', async () => {
    const { db } = await queue()
    const job = stepping(async ({ step }) => {
      await step.sleep('an hour', HOUR_MS).catch(() => undefined)
    })
    await enqueue(db, job, {})
    await expectEvents(db, job, ['started', 'sleeping'])
  })

  test('lasts no longer for what its handler takes to end', async () => {
    const { db } = await queue()
    // The time that it takes goes by for the worker, which is told it, and for nobody else.
    let tookMs = 0
    const now = performance.now.bind(performance)
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + tookMs)
    onTestFinished(() => clock.mockRestore())
    const job = stepping(async ({ step }) => {
      try {
        await step.sleep('an hour', HOUR_MS)
      } finally {
        tookMs = 10_000
      }
    })
    await enqueue(db, job, {})
    await expectEvents(db, job, ['started', 'sleeping'])
    expect(tookMs).toBe(10_000)
    const { rows } = await sql<{ late: number }>`
      select date_part('epoch', run_at - wake_at) as late
      from yuzuru_jobs join yuzuru_job_steps on job_id = id`.execute(db)
    expect(rows[0]?.late).toBeLessThan(-5)
  })

  test('may last until the end of time, as a Date knows it', async () => {
    const { db } = await queue()
    const job = stepping(({ step }) => step.sleep('for ever', new Date(8.64e15)))
    await enqueue(db, job, {})
    await expectEvents(db, job, ['started', 'sleeping'])
  })

  test('goes on at once when the time has passed', async () => {
    const { db } = await queue()
    const job = stepping(async ({ step }) => {
      await step.sleep('past', new Date(0))
      await step.sleep('long past', new Date(-8.64e15))
      await step.sleep('no time', 0)
    })
    await enqueue(db, job, {})
    await expectEvents(db, job, ['started', 'completed'])
  })

  test.each<[string, Handler, string]>([
    [
      'a time below 0',
      ({ step }) => step.sleep('x', -1),
      'Expected until to be a number of milliseconds from 0',
    ],
    [
      'no date',
      ({ step }) => step.sleep('x', new Date(Number.NaN)),
      'Expected until to be a valid Date',
    ],
    [
      'a name that was used before',
      async ({ step }) => {
        await step('twice', () => 1)
        await step.sleep('twice', 0)
      },
      'got "twice" twice',
    ],
    [
      'the name of a step that an earlier run finished',
      ({ step, attempt }) =>
        attempt === 1
          ? step('x', () => 1).then(() => Promise.reject(new Error('once')))
          : step.sleep('x', HOUR_MS),
      'an earlier run finished "x", this one asked for it as a sleep and not as a step',
    ],
  ])('refuses %s', async (_, run, message) => {
    const { db } = await queue()
    const job = stepping(run, 2)
    const { id } = await enqueue(db, job, {})
    await drain(db, job)
    const found = await getJob(db, id)
    expect(found?.state).toBe('failed')
    expect(found?.lastError?.message).toContain(message)
  })

  /** Runs all that is due, and expects these events. */
  async function expectEvents(
    db: Kysely<TestSchema>,
    job: Job<object>,
    expected: string[],
  ): Promise<void> {
    expect(types(await drain(db, job))).toEqual(expected)
  }

  async function isAsleep(db: Kysely<TestSchema>): Promise<boolean> {
    const { rows } = await sql`select from yuzuru_job_steps where wake_at is not null`.execute(db)
    return rows.length > 0
  }
})
