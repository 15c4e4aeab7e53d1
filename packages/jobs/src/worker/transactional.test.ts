import { createDatabase } from '@yuzuru/db'
import { startFaultProxy } from '@yuzuru/sandbox'
import { type Kysely, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openKysely, type TestSchema } from '../../test/open-kysely.ts'
import { withEffects } from '../../test/stepping.ts'
import { UNROLLED } from '../../test/unrolled-errors.ts'
import { takeOver, types, withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import type { JobContext } from '../job/job.ts'
import { cancelJob } from '../queue/cancel-job.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { createWorker } from './worker.ts'

const KINDS = ['a plain Kysely', 'a database of @yuzuru/db']

/** A job that notes its effect by `tx`, and then does what a test has it do. */
const transactional = (then: (context: JobContext) => Promise<void> | void, attempts = 3) =>
  defineJob<object>({
    name: 'transactional',
    mode: 'transactional',
    attempts,
    backoff: () => 0,
    run: async (_, context) => {
      const { jobId, attempt } = context
      await context
        .tx<TestSchema>()
        .insertInto('effects')
        .values({ job_id: jobId, pid: attempt })
        .execute()
      await then(context)
    },
  })

const effects = async (db: Kysely<TestSchema>): Promise<number[]> =>
  (await db.selectFrom('effects').selectAll().execute()).map(({ pid }) => pid)

describe('a transactional job', () => {
  test.each(KINDS)('commits its effects with its end, on %s', async (kind) => {
    const { db, url } = await withEffects()
    await using ours = createDatabase<TestSchema>({ url })
    const seen: unknown[] = []
    const job = transactional(async ({ jobId }) => {
      seen.push(await effects(db), (await getJob(db, jobId))?.state)
    })
    const { id } = await enqueue(db, job, {})
    await createWorker<TestSchema>(kind === 'a plain Kysely' ? db : ours, {
      jobs: [job],
    }).runUntilIdle()
    expect(seen).toEqual([[], 'running'])
    expect(await effects(db)).toEqual([1])
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 1 })
  })

  test('that fails has no effect, and its attempt and error are kept', async () => {
    const { db } = await withEffects()
    const job = transactional(({ attempt }) => {
      if (attempt < 3) throw new Error(`no ${attempt}`)
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await effects(db)).toEqual([3])
    expect(await getJob(db, id)).toMatchObject({
      state: 'completed',
      attempt: 3,
      errors: [{ message: 'no 1' }, { message: 'no 2' }],
    })
  })

  test.each(UNROLLED)('that throws %s has no effect, nor in a step', async (_, error) => {
    const { db, url } = await withEffects()
    // One connection: the next transaction has that of this one.
    const one = openKysely(url, 1)
    const job = transactional(({ attempt }) => {
      if (attempt === 1) throw error()
    }, 2)
    const step = defineJob<object>({
      name: 'step',
      attempts: 2,
      backoff: () => 0,
      shouldRetry: () => true,
      run: async (_, context) => {
        await context.step('effect', one, async (tx) => {
          const row = { job_id: context.jobId, pid: 10 + context.attempt }
          await tx.insertInto('effects').values(row).execute()
          if (context.attempt === 1) throw error()
        })
      },
    })
    await enqueue(db, { ...job, shouldRetry: () => true }, {})
    await enqueue(db, step, {})
    const jobs = [{ ...job, shouldRetry: () => true }, step]
    await createWorker<TestSchema>(one, { jobs, engine: db as never }).runUntilIdle()
    await one.destroy()
    expect((await effects(db)).toSorted((a, b) => a - b)).toEqual([2, 12])
  })

  test('whose lease was lost rolls back', async () => {
    const { db } = await withEffects()
    const begun = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const job = transactional(async () => {
      begun.resolve()
      await goOn.promise
    })
    const { id } = await enqueue(db, job, {})
    const events = await withWorker(db, { jobs: [job], leaseMs: 60_000 }, async (all) => {
      await begun.promise
      await takeOver(db, id)
      goOn.resolve()
      await expect.poll(() => types(all)).toContain('lost')
    })
    expect(types(events)).toEqual(['started', 'lost'])
    expect(await effects(db)).toEqual([])
    expect((await getJob(db, id))?.state).toBe('running')
  })

  test('that is cancelled rolls back, also when its handler returns in spite of it', async () => {
    const { db } = await withEffects()
    const begun = Promise.withResolvers<void>()
    const job = transactional(async ({ signal }) => {
      begun.resolve()
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    })
    const { id } = await enqueue(db, job, {})
    await withWorker(db, { jobs: [job], heartbeatMs: 50 }, async (all) => {
      await begun.promise
      await cancelJob(db, id)
      await expect.poll(() => types(all)).toContain('cancelled')
    })
    expect(await effects(db)).toEqual([])
    expect((await getJob(db, id))?.state).toBe('cancelled')
  })

  test.each(KINDS)('whose COMMIT is in doubt is done once, on %s', async (kind) => {
    const { db, url } = await withEffects()
    const { hostname: host, port } = new URL(url)
    await using proxy = await startFaultProxy({ target: { host, port: Number(port) } })
    const plain = openKysely(proxy.url(url), 2)
    await using ours = createDatabase<TestSchema>({ url: proxy.url(url), cancelTimeoutMs: 200 })
    const job = transactional(() => proxy.set({ dropReply: { when: 'commit', times: 1 } }))
    const { id } = await enqueue(db, job, {})
    const worker = createWorker<TestSchema>(kind === 'a plain Kysely' ? plain : ours, {
      jobs: [job],
      engine: db as never,
    })
    await worker.runUntilIdle()
    await plain.destroy()
    expect(await effects(db)).toEqual([1])
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 1 })
  })

  test('that met a serialization failure is run again in the same attempt', async () => {
    const { db, url } = await withEffects()
    await using ours = createDatabase<TestSchema>({ url })
    let calls = 0
    const job = transactional(async ({ tx }) => {
      calls += 1
      if (calls === 1) await sql`do $$ begin raise sqlstate '40001'; end $$`.execute(tx())
    })
    const { id } = await enqueue(db, job, {})
    await createWorker<TestSchema>(ours, { jobs: [job] }).runUntilIdle()
    expect([calls, await effects(db)]).toEqual([2, [1]])
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 1 })
  })

  test.each<[string, (context: JobContext) => unknown]>([
    ['completeIn', ({ completeIn, tx }) => completeIn(tx())],
    ['a step', ({ step }) => step('x', async () => 1)],
    ['snooze', ({ snooze }) => snooze({ delayMs: 1_000 })],
  ])('refuses %s, and has no effect', async (_, use) => {
    const { db } = await withEffects()
    const job = transactional(async (context) => void (await use(context)))
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await effects(db)).toEqual([])
    expect(await getJob(db, id)).toMatchObject({
      state: 'failed',
      attempt: 1,
      lastError: { name: 'TypeError', message: expect.stringContaining("mode: 'transactional'") },
    })
  })

  test('is the only kind that has a transaction', async () => {
    const { db } = await withEffects()
    const job = defineJob<object>({ name: 'plain', run: async (_, { tx }) => void tx() })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect((await getJob(db, id))?.lastError?.message).toContain(
      "Expected a job of mode: 'transactional'",
    )
    expect(() => defineJob({ name: 'x', mode: 'x' as never, run: async () => undefined })).toThrow(
      TypeError,
    )
  })
})
