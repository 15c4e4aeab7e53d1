import { Cancelled, cancelScope } from '@yuzuru/concurrency'
import { type Kysely, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { enqueue, enqueueMany } from './enqueue.ts'
import { queue } from '../../test/queue.ts'
import { getJob } from './get-job.ts'
import { defineJob } from '../job/define-job.ts'
import { jobStats } from './job-stats.ts'
import { createWorker } from '../worker/worker.ts'

const remind = defineJob<{ staffId: number; note?: string }>({
  name: 'remind',
  run: async () => undefined,
})
const bill = defineJob<{ officeId: string }>({
  name: 'bill',
  run: async () => undefined,
  key: ({ officeId }) => officeId,
})

describe('enqueue', () => {
  test('keeps the payload as it was given', async () => {
    const { db } = await queue()
    const payload = { staffId: 1, note: '令和８年度 😀 \0 \ud800 "\\' }
    const { id, created } = await enqueue(db, remind, payload)
    expect(created).toBe(true)
    expect(await getJob(db, id)).toMatchObject({ payload, state: 'waiting', attempt: 0 })
  })

  test('makes a job that exists if, and only if, the transaction commits', async () => {
    const { db } = await queue()
    const rolledBack = db.transaction().execute(async (tx) => {
      await enqueue(tx, remind, { staffId: 1 })
      await enqueueMany(tx, remind, [{ staffId: 2 }, { staffId: 3 }])
      expect((await jobStats(tx)).waiting).toBe(3)
      throw new Error('the plan was not saved')
    })
    await expect(rolledBack).rejects.toThrow('the plan was not saved')
    expect((await jobStats(db)).waiting).toBe(0)
    await db.transaction().execute((tx) => enqueue(tx, remind, { staffId: 1 }))
    expect((await jobStats(db)).waiting).toBe(1)
  })

  test('gives a handle for each of many payloads, in their order', async () => {
    const { db } = await queue()
    const handles = await enqueueMany(
      db,
      remind,
      Array.from({ length: 2_500 }, (_, staffId) => ({ staffId })),
    )
    expect(handles).toHaveLength(2_500)
    expect(await getJob(db, handles[2_345]?.id ?? '')).toMatchObject({
      payload: { staffId: 2_345 },
    })
    expect(await enqueueMany(db, remind, [])).toEqual([])
  })

  test('gives one unfinished job to 50 racing calls with the same key', async () => {
    const { db } = await queue()
    const handles = await Promise.all(
      Array.from({ length: 50 }, () => enqueue(db, bill, { officeId: 'tokyo' })),
    )
    expect(handles.filter((handle) => handle.created)).toHaveLength(1)
    expect(new Set(handles.map((handle) => handle.id)).size).toBe(1)
    expect((await jobStats(db)).waiting).toBe(1)
  })

  test('gives one unfinished job to transactions that race for the same key', async () => {
    const { db } = await queue()
    const handles = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        db.transaction().execute(async (tx) => {
          const handle = await enqueue(tx, bill, { officeId: 'osaka' })
          await sql`select ${index}::integer`.execute(tx)
          return handle
        }),
      ),
    )
    expect(handles.filter((handle) => handle.created)).toHaveLength(1)
    expect(new Set(handles.map((handle) => handle.id)).size).toBe(1)
  })

  test('frees the key when the job has ended, and keeps names apart', async () => {
    const { db } = await queue()
    const other = defineJob<object>({ name: 'other', run: async () => undefined })
    const first = await enqueue(db, bill, { officeId: 'kyoto' })
    expect((await enqueue(db, other, {}, { key: 'kyoto' })).created).toBe(true)
    await createWorker(db, { jobs: [bill] }).runUntilIdle()
    const second = await enqueue(db, bill, { officeId: 'kyoto' })
    expect(second).toMatchObject({ created: true })
    expect(second.id).not.toBe(first.id)
  })

  test('finds equal keys within one call', async () => {
    const { db } = await queue()
    const handles = await enqueueMany(
      db,
      bill,
      ['b', 'a', 'b'].map((officeId) => ({ officeId })),
    )
    expect(handles.map((handle) => handle.created)).toEqual([true, true, false])
    expect(handles[2]?.id).toBe(handles[0]?.id)
  })

  test('counts a delay from now, also late in a transaction, by the database', async () => {
    const { db } = await queue()
    const [id, late = 0] = await db.transaction().execute(async (tx) => {
      await sql`select pg_sleep(0.2)`.execute(tx)
      const { rows } = await sql<{
        late: number
      }>`select date_part('epoch', clock_timestamp()) * 1000 as late`.execute(tx)
      const { id: made } = await enqueue(tx, remind, { staffId: 1 }, { delayMs: 60_000 })
      return [made, rows[0]?.late] as const
    })
    const job = await getJob(db, id)
    expect(job?.enqueuedAt.getTime()).toBeGreaterThanOrEqual(Math.floor(late))
    const wait = (job?.runAt?.getTime() ?? 0) - late
    expect(wait).toBeGreaterThanOrEqual(59_999)
    expect(wait).toBeLessThan(70_000)
  })

  test('gives a job its own number of attempts, in place of its kind’s', async () => {
    const { db } = await queue()
    const told: (readonly [number, number])[] = []
    const failing = defineJob<object>({
      name: 'failing',
      attempts: 3,
      backoff: () => 0,
      onConflict: 'replace',
      run: async (_, { attempt, attempts }) => {
        told.push([attempt, attempts])
        throw new Error('no')
      },
    })
    const made = [
      await enqueue(db, failing, {}, { attempts: 2 }),
      ...(await enqueueMany(db, failing, [{}, {}], { attempts: 2 })),
      await enqueue(db, failing, {}, { attempts: 2, tags: ['t'], group: 'g' }),
      await enqueue(db, failing, {}, { attempts: 2, key: 'made' }),
      await enqueue(db, failing, {}, { key: 'replaced' }),
    ]
    await enqueue(db, failing, {}, { key: 'replaced', attempts: 2 })
    await createWorker(db, { jobs: [failing] }).runUntilIdle()
    for (const { id } of made) {
      expect(await getJob(db, id)).toMatchObject({ state: 'failed', attempt: 2, attempts: 2 })
    }
    expect(told).toHaveLength(2 * made.length)
    expect(told).not.toContainEqual([1, 3])
  })

  test('refuses to start in a cancelled scope', async () => {
    const { db } = await queue()
    const call = cancelScope(async (scope) => {
      scope.cancel('enough')
      await enqueue(db, remind, { staffId: 1 })
    })
    await expect(call).rejects.toSatisfy((error) => Cancelled.isInstance(error))
    expect((await jobStats(db)).waiting).toBe(0)
  })
})

describe('a wrong call', () => {
  const untouched = {
    getExecutor: () => {
      throw new Error('the database was asked')
    },
  } as unknown as Kysely<unknown>
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle

  test.each([
    ['undefined', undefined, 'Expected payload to be JSON, got undefined'],
    ['a Date', { at: new Date(0) }, 'Expected payload.at to be JSON, got an instance of Date'],
    ['NaN', { n: [1, Number.NaN] }, 'Expected payload.n[1] to be JSON, got NaN'],
    ['a bigint', { n: 1n }, 'Expected payload.n to be JSON, got a bigint'],
    ['a cycle', cycle, 'Expected payload.self to be JSON, got a cycle'],
    ['a Map', new Map(), 'Expected payload to be JSON, got an instance of Map'],
    ['a hole', [1, , 3], 'Expected payload[1] to be JSON, got undefined'], // oxlint-disable-line no-sparse-arrays -- it is what is tested
    ['over 1 MiB', 'あ'.repeat(400_000), 'Expected payload to take at most 1048576 bytes as JSON'],
  ])('is refused before any I/O: %s', async (_, payload, message) => {
    const job = defineJob<unknown>({ name: 'any', run: async () => undefined })
    await expect(enqueue(untouched, job, payload)).rejects.toThrow(message)
    await expect(enqueue(untouched, job, payload)).rejects.toBeInstanceOf(TypeError)
    await expect(enqueueMany(untouched, job, [{}, payload])).rejects.toThrow(TypeError)
  })

  test.each([0, 1.5, 1_001, '3'])('has no number of attempts: %s', async (attempts) => {
    const message = 'Expected attempts to be an integer from 1 to 1000'
    const options = { attempts: attempts as number }
    await expect(enqueue(untouched, remind, { staffId: 1 }, options)).rejects.toThrow(message)
    await expect(enqueueMany(untouched, remind, [], options)).rejects.toThrow(message)
  })

  test('is what the job does not accept', async () => {
    const picky = defineJob<{ n: number }>({
      name: 'picky',
      run: async () => undefined,
      schema: (json) => {
        if (typeof json === 'object' && json !== null && 'n' in json) return json as { n: number }
        throw new Error('n is missing')
      },
    })
    const call = enqueue(untouched, picky, {} as { n: number })
    await expect(call).rejects.toThrow('Expected the payload to be one that "picky" accepts')
  })

  test('is what an asynchronous schema does not accept, alone or among many', async () => {
    const schema = z.object({ email: z.string().refine(async (email) => email.includes('@')) })
    const mail = defineJob({ name: 'mail', schema, run: async () => undefined })
    const message =
      'Expected the payload to be one that "mail" accepts, got one refused: payload.email'
    const refusals = [
      enqueue(untouched, mail, { email: 'secret' }),
      enqueueMany(untouched, mail, [{ email: 'a@b' }, { email: 'secret' }]),
    ]
    for (const call of refusals) await expect(call).rejects.toThrow(new TypeError(message))
  })

  test.each([
    [{ delayMs: -1 }, 'Expected delayMs'],
    [{ delayMs: Number.NaN }, 'Expected delayMs'],
    [{ runAt: new Date(Number.NaN) }, 'Expected runAt'],
    [{ runAt: new Date(), delayMs: 1 }, 'Expected one of runAt and delayMs'],
    [{ priority: 0.5 }, 'Expected priority'],
    [{ queue: '' }, 'Expected queue'],
    [{ key: '' }, 'Expected key'],
  ])('comes with wrong options: %o', async (options, message) => {
    await expect(enqueue(untouched, remind, { staffId: 1 }, options)).rejects.toThrow(message)
  })

  test('has no wrong database either', async () => {
    await expect(enqueue({} as never, remind, { staffId: 1 })).rejects.toThrow('Expected db')
  })
})

test('enqueue takes any moment that PostgreSQL has, also beyond the year 9999', async () => {
  const { db } = await queue()
  const moments = [
    new Date(8.64e15),
    new Date('+012345-06-07T08:09:10.123Z'),
    new Date('9999-12-31T23:59:59.999Z'),
    new Date('2026-11-29T01:02:03.004Z'),
    new Date('0000-01-01T00:00:00Z'),
    new Date('-000500-01-01T00:00:00Z'),
    new Date('-004712-01-01T00:00:00Z'),
  ]
  for (const runAt of moments) {
    const { id } = await enqueue(db, remind, { staffId: 1 }, { runAt })
    expect((await getJob(db, id))?.runAt).toEqual(runAt)
  }
  const early = new Date('-004713-12-31T00:00:00Z')
  await expect(enqueue(db, remind, { staffId: 1 }, { runAt: early })).rejects.toThrow(
    'Expected runAt to be in the year -4712 or later',
  )
})
