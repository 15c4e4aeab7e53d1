import { gather } from '@yuzuru/concurrency'
import { createDatabase, transaction } from '@yuzuru/db'
import { type Kysely, sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { counter, type Handler, stepping } from '../../test/stepping.ts'
import { blocking, types, withWorker } from '../../test/with-worker.ts'
import type { Job } from '../job/job.ts'
import { cancelJob } from '../queue/cancel-job.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { prune } from '../queue/prune.ts'
import { sendEvent } from '../queue/send-event.ts'
import { createWorker } from '../worker/worker.ts'
import type { WorkerEvent } from '../worker/worker-event.ts'

const HOUR_MS = 3_600_000

async function drain(db: Kysely<TestSchema>, ...jobs: Job<object>[]): Promise<string[]> {
  const events: WorkerEvent[] = []
  const onEvent = (event: WorkerEvent): void => void events.push(event)
  await createWorker(db, { jobs, concurrency: 1, onEvent }).runUntilIdle()
  return types(events)
}

/** A job that waits for `signed` of a key, and what its runs got. */
function waiter(key?: string, timeoutMs?: number): { job: Job<object>; got: unknown[] } {
  const got: unknown[] = []
  const job = stepping(async ({ step }) => {
    got.push(await step.waitFor('signed', { key, timeoutMs }))
  }, 1)
  return { job, got }
}

/** Has the time of all waits come. */
async function pass(db: Kysely<TestSchema>): Promise<void> {
  await sql`update yuzuru_job_steps set wake_at = now() where wake_at is not null`.execute(db)
  await sql`update yuzuru_jobs set run_at = now() where waits`.execute(db)
}

describe('step.waitFor', () => {
  test('takes no place of a worker and no attempt, and goes on when the event has come', async () => {
    const { db } = await queue()
    const { job, got } = waiter('plan 1')
    const { id } = await enqueue(db, job, {})
    expect(await drain(db, job)).toEqual(['started', 'sleeping'])
    expect(await getJob(db, id)).toMatchObject({ state: 'waiting', attempt: 0 })
    // Those of another key, and other events, are not for it.
    await sendEvent(db, 'signed', 'plan 2', 'no')
    await sendEvent(db, 'seen', 'plan 1', 'no')
    expect(await drain(db, job)).toEqual([])
    await sendEvent(db, 'signed', 'plan 1', { by: '花子', at: [1, null] })
    expect(await drain(db, job)).toEqual(['started', 'completed'])
    expect(got).toEqual([{ by: '花子', at: [1, null] }])
  })

  test('gets an event that was sent before the wait began, and none from before its job', async () => {
    const { db } = await queue()
    const { job, got } = waiter('plan 1')
    await sendEvent(db, 'signed', 'plan 1', 'before the job')
    await enqueue(db, job, {})
    await sendEvent(db, 'signed', 'plan 1', 'before the wait')
    expect(await drain(db, job)).toEqual(['started', 'completed'])
    expect(got).toEqual(['before the wait'])
  })

  test('gets an event if, and only if, the transaction that sent it commits', async () => {
    const { db } = await queue()
    const { job, got } = waiter('plan 1')
    await enqueue(db, job, {})
    await drain(db, job)
    const failed = db.transaction().execute(async (tx) => {
      await sendEvent(tx, 'signed', 'plan 1', 'rolled back')
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    expect(await drain(db, job)).toEqual([])
    await db.transaction().execute(async (tx) => {
      await sendEvent(tx, 'signed', 'plan 1', 'committed')
      expect(await drain(db, job)).toEqual([])
    })
    expect(await drain(db, job)).toEqual(['started', 'completed'])
    expect(got).toEqual(['committed'])
  })

  test('goes to each job that waits, once', async () => {
    const { db } = await queue()
    const { job, got } = waiter('plan 1')
    await enqueueMany(db, job, [{}, {}, {}])
    await drain(db, job)
    await sendEvent(db, 'signed', 'plan 1', 1)
    await sendEvent(db, 'signed', 'plan 1', 2)
    await drain(db, job)
    expect(got).toEqual([1, 1, 1])
  })

  test('gives each wait of a job an event of its own, the oldest first', async () => {
    const { db } = await queue()
    const got: unknown[] = []
    const job = stepping(async ({ step }) => {
      const all = await gather(
        ['a', 'b'].map((name) => () => step.waitFor('signed', { key: 'k', name })),
      )
      got.push(new Set(all), await step.waitFor('signed', { key: 'k', name: 'c' }))
    }, 1)
    await enqueue(db, job, {})
    for (const n of [1, 2, 3]) {
      await drain(db, job)
      await sendEvent(db, 'signed', 'k', n)
    }
    await drain(db, job)
    expect(got).toEqual([new Set([1, 2]), 3])
  })

  test('gives nothing when its time is over, and the same in every run after that', async () => {
    const { db } = await queue()
    const { calls, of } = counter()
    const job = stepping(async ({ step, attempt }) => {
      const signed = await step.waitFor('signed', { key: 'k', timeoutMs: HOUR_MS })
      of(`got ${String(signed)}`, 1)
      if (attempt === 1) {
        await sendEvent(db, 'signed', 'k', 'too late')
        throw new Error('once more')
      }
    })
    await enqueue(db, job, {})
    expect(await drain(db, job)).toEqual(['started', 'sleeping'])
    await pass(db)
    await drain(db, job)
    expect(calls).toEqual({ 'got undefined': 2 })
  })

  test('keeps what it has got, also when the run fails after that', async () => {
    const { db } = await queue()
    const got: unknown[] = []
    const job = stepping(async ({ step, attempt }) => {
      got.push(await step.waitFor('signed'))
      if (attempt === 1) throw new Error('once more')
    })
    const { id } = await enqueue(db, job, {})
    await drain(db, job)
    // Its own id is the key where none is given. `null` is a payload as any other.
    await sendEvent(db, 'signed', id, null)
    await sendEvent(db, 'signed', id, 'another')
    await drain(db, job)
    expect(got).toEqual([null, null])
  })

  test('is heard of at once, on a worker that looks by itself once in a minute', async () => {
    const { url } = await queue()
    await using db = createDatabase<object>({ url })
    const { job, got } = waiter('k')
    const events = await withWorker(db, { jobs: [job], pollMs: 60_000 }, async (seen) => {
      const { id } = await enqueue(db, job, {})
      await expect.poll(() => types(seen)).toContain('sleeping')
      await transaction(db, async (tx) => await sendEvent(tx, 'signed', 'k', 1))
      await expect.poll(async () => (await getJob(db, id))?.state).toBe('completed')
    })
    expect(types(events)).toEqual(['started', 'sleeping', 'started', 'completed'])
    expect(got).toEqual([1])
  })

  test('goes on in its place while another step keeps the run from being parked', async () => {
    const { db } = await queue()
    const got: unknown[] = []
    const job = stepping(async ({ step }) => {
      const arrived = Promise.withResolvers<void>()
      await gather([
        () => step('beside', () => arrived.promise),
        async () => {
          got.push(await step.waitFor('signed', { key: 'k' }))
          arrived.resolve()
        },
      ])
    }, 1)
    await enqueue(db, job, {})
    await withWorker(db, { jobs: [job] }, async () => {
      await expect.poll(() => isWaiting(db)).toBe(true)
      await sendEvent(db, 'signed', 'k', 1)
      await expect.poll(() => got).toEqual([1])
    })
  })

  test('ends with a cancel of its job, and a run that has lost it gets nothing', async () => {
    const { db } = await queue()
    const { job, got } = waiter('k')
    const { id } = await enqueue(db, job, {})
    await drain(db, job)
    expect(await cancelJob(db, id)).toBe('cancelled')
    await sendEvent(db, 'signed', 'k', 1)
    expect(await drain(db, job)).toEqual([])
    expect(got).toEqual([])
  })

  test('is not woken out of the wait between two attempts', async () => {
    const { db } = await queue()
    const failing: Handler = async ({ step }) => {
      await step.waitFor('signed', { key: 'k' })
      throw new Error('later')
    }
    const job = { ...stepping(failing), backoff: () => HOUR_MS }
    await enqueue(db, job, {})
    await drain(db, job)
    await sendEvent(db, 'signed', 'k', 1)
    expect(await drain(db, job)).toEqual(['started', 'retrying'])
    await sendEvent(db, 'signed', 'k', 2)
    expect(await drain(db, job)).toEqual([])
  })

  test('lets a wait that was renamed be seen as such', async () => {
    const { db } = await queue()
    const first = stepping(async ({ step }) => void (await step.waitFor('signed', { key: 'k' })), 1)
    const { id } = await enqueue(db, first, {})
    await drain(db, first)
    await sendEvent(db, 'signed', 'k', 1)
    const second = stepping(async ({ step }) => await step.sleep('signed', 1), 1)
    await drain(db, second)
    expect((await getJob(db, id))?.lastError?.message).toContain(
      'asked for it as a sleep and not as a wait',
    )
  })

  test('forgets events by their age', async () => {
    const { db } = await queue()
    await sendEvent(db, 'signed', 'k', 1)
    await prune(db, { olderThanMs: HOUR_MS })
    const { rows: kept } = await sql`select from yuzuru_job_events`.execute(db)
    expect(kept).toHaveLength(1)
    await prune(db, { olderThanMs: 0 })
    const { rows } = await sql`select from yuzuru_job_events`.execute(db)
    expect(rows).toEqual([])
  })

  test.each<[string, Handler, string]>([
    [
      'an empty key',
      async ({ step }) => void (await step.waitFor('x', { key: '' })),
      'Expected key to be 1 to 500 characters',
    ],
    [
      'an unknown option',
      async ({ step }) => void (await step.waitFor('x', { timeoutms: 1 } as never)),
      'did you mean "timeoutMs"?',
    ],
    [
      'a wait within a step',
      async ({ step }) => void (await step('outer', () => step.waitFor('inner'))),
      'Expected a step outside of all others, got "inner" within another',
    ],
  ])('refuses %s', async (_, run, message) => {
    const { db } = await queue()
    const job = stepping(run)
    const { id } = await enqueue(db, job, {})
    await drain(db, job)
    const found = await getJob(db, id)
    expect(found).toMatchObject({ state: 'failed', attempt: 1 })
    expect(found?.lastError?.message).toContain(message)
  })
})

test('sendEvent refuses what is no name, no key or no JSON', async () => {
  const { db } = await queue()
  await expect(sendEvent(db, '', 'k', 1)).rejects.toThrow('Expected event to be 1 to 200')
  await expect(sendEvent(db, 'x', '', 1)).rejects.toThrow('Expected key to be 1 to 500')
  await expect(sendEvent(db, 'x', 'k', undefined)).rejects.toThrow('Expected payload to be JSON')
})

test('a wait and an event that race always meet', async () => {
  const { url } = await queue()
  const db = createDatabase<object>({ url })
  onTestFinished(() => db.close())
  const { job: idle } = blocking('idle')
  const { job, got } = waiter()
  const many = 60
  await withWorker(db, { jobs: [job, idle], pollMs: 20, concurrency: 20 }, async () => {
    const handles = await enqueueMany(
      db,
      job,
      Array.from({ length: many }, () => ({})),
    )
    // Each at another moment of its job's life: before it is taken, while it begins to wait, while it parks, after.
    await gather(
      handles.map(({ id }, n) => async () => {
        for (let turn = 0; turn < n * 4; turn += 1) await new Promise(setImmediate)
        await sendEvent(db, 'signed', id, id)
      }),
    )
    await expect.poll(() => got.length, { timeout: 60_000 }).toBe(many)
    expect(new Set(got)).toEqual(new Set(handles.map(({ id }) => id)))
  })
})

async function isWaiting(db: Kysely<TestSchema>): Promise<boolean> {
  const { rows } = await sql`select from yuzuru_job_steps where event is not null`.execute(db)
  return rows.length > 0
}
