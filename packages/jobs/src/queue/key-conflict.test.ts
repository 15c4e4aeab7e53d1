import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { queue, type Queue } from '../../test/queue.ts'
import { withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import type { KeyConflict } from '../job/job.ts'
import { createWorker } from '../worker/worker.ts'
import { cancelJob } from './cancel-job.ts'
import { enqueue, enqueueMany } from './enqueue.ts'
import { getJob } from './get-job.ts'
import { retryJob } from './retry-job.ts'

interface Payload {
  readonly n: number
}

/** A kind whose handler waits until it is let go. */
function waiting(onConflict: KeyConflict, fail?: (n: number) => void) {
  const ran: number[] = []
  const begun = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const job = defineJob<Payload>({
    name: 'sync',
    attempts: 2,
    backoff: () => 0,
    key: () => 'k',
    onConflict,
    run: async ({ n }) => {
      ran.push(n)
      begun.resolve()
      await goOn.promise
      fail?.(n)
    },
  })
  return { job, ran, begun: begun.promise, goOn: goOn.resolve }
}

/** Runs `body` while the first job of the kind runs, then lets all of them end. */
async function whileOneRuns(
  { db }: Queue,
  { job, begun, goOn }: ReturnType<typeof waiting>,
  body: () => Promise<void>,
): Promise<void> {
  await withWorker(db, { jobs: [job], concurrency: 5 }, async (events) => {
    await begun
    await body()
    goOn()
    await expect
      .poll(async () => (await sql`select from yuzuru_jobs`.execute(db)).rows.length)
      .toBe(0)
    expect(events.filter(({ type }) => type === 'error')).toEqual([])
  })
}

describe('a key', () => {
  test.for(['again', 'replace', 'debounce'] as const)(
    'with %s makes one more after the one that runs, however often it is asked for',
    async (onConflict) => {
      const fresh = await queue()
      const { db } = fresh
      const kind = waiting(onConflict)
      const options = onConflict === 'debounce' ? { delayMs: 1 } : {}
      const first = await enqueue(db, kind.job, { n: 0 }, options)
      await whileOneRuns(fresh, kind, async () => {
        const asked = []
        for (let n = 1; n <= 5; n += 1) asked.push(await enqueue(db, kind.job, { n }, options))
        expect(asked.map(({ created }) => created)).toEqual([true, false, false, false, false])
        expect(new Set(asked.map(({ id }) => id)).size).toBe(1)
        expect(asked[0]?.id).not.toBe(first.id)
        // It does not run beside the first.
        expect(kind.ran).toEqual([0])
      })
      expect(kind.ran).toEqual([0, onConflict === 'again' ? 1 : 5])
    },
  )

  test('with again gives the one that waits', async () => {
    const { db } = await queue()
    const { job, ran, goOn } = waiting('again')
    const handles = [await enqueue(db, job, { n: 1 }), await enqueue(db, job, { n: 2 })]
    expect(handles.map(({ created }) => created)).toEqual([true, false])
    goOn()
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(ran).toEqual([1])
  })

  test('with replace gives the one that waits the new payload, time, priority and queue', async () => {
    const { db } = await queue()
    const { job } = waiting('replace')
    const runAt = new Date('2099-01-01')
    const { id } = await enqueue(db, job, { n: 1 }, { runAt })
    const again = await enqueue(db, job, { n: 2 }, { priority: 5, queue: 'other' })
    expect(again).toEqual({ id, name: 'sync', created: false })
    const found = await getJob(db, id)
    expect(found).toMatchObject({ payload: { n: 2 }, priority: 5, queue: 'other', key: 'k' })
    expect(found?.runAt?.getTime()).toBeLessThan(runAt.getTime())
  })

  test('with replace cancels one that waits to be tried again, and makes another', async () => {
    const { db } = await queue()
    const ids: string[] = []
    const job = defineJob<Payload>({
      name: 'sync',
      backoff: () => 3_600_000,
      key: () => 'k',
      onConflict: 'replace',
      run: async ({ n }, { jobId }) => {
        ids.push(jobId)
        if (n === 1) throw new Error('not now')
      },
    })
    const first = await enqueue(db, job, { n: 1 })
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    const second = await enqueue(db, job, { n: 2 })
    expect(second.created).toBe(true)
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    // What the other side knows by the first id was about the first payload.
    expect(ids).toEqual([first.id, second.id])
    expect((await getJob(db, first.id))?.state).toBe('cancelled')
  })

  test('with debounce puts the one that waits off, up to a bound from the first, and keeps the last payload', async () => {
    const { db } = await queue()
    const { job } = waiting('debounce')
    const options = { delayMs: 60_000, maxDelayMs: 90_000 }
    const { id } = await enqueue(db, job, { n: 1 }, options)
    const age = async (): Promise<unknown> =>
      await sql`update yuzuru_jobs set enqueued_at = enqueued_at - interval '50 seconds',
        run_at = run_at - interval '50 seconds'`.execute(db)
    await age()
    await enqueue(db, job, { n: 2 }, options)
    const waits = async (): Promise<number> => {
      const { rows } = await sql<{ at: number }>`
        select date_part('epoch', run_at - enqueued_at) as at from yuzuru_jobs`.execute(db)
      return rows[0]?.at ?? 0
    }
    expect(await waits()).toBe(90)
    await age()
    await enqueue(db, job, { n: 3 }, options)
    expect(await waits()).toBe(90)
    expect((await getJob(db, id))?.payload).toEqual({ n: 3 })
  })

  test('of one that waits is not taken before what asked for it has committed', async () => {
    const { db } = await queue()
    const seen: number[] = []
    await sql`create table truth (n integer not null)`.execute(db)
    await sql`insert into truth values (0)`.execute(db)
    const job = defineJob<object>({
      name: 'sync',
      key: () => 'k',
      onConflict: 'again',
      run: async () => {
        const { rows } = await sql<{ n: number }>`select n from truth`.execute(db)
        seen.push(rows[0]?.n ?? -1)
      },
    })
    await enqueue(db, job, {})
    await db.transaction().execute(async (tx) => {
      await sql`update truth set n = 1`.execute(tx)
      await enqueue(tx, job, {})
      // It can't be taken now, which would be before the commit.
      await createWorker(db, { jobs: [job] }).runUntilIdle()
      expect(seen).toEqual([])
    })
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(seen).toEqual([1])
  })

  test('whose transaction rolls back leaves the others as they were', async () => {
    const { db } = await queue()
    const { job, ran, goOn } = waiting('replace')
    goOn()
    await enqueue(db, job, { n: 1 })
    await expect(
      db.transaction().execute(async (tx) => {
        await enqueue(tx, job, { n: 2 })
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(ran).toEqual([1])
  })

  test('is taken in the order of the payloads by enqueueMany', async () => {
    const { db } = await queue()
    const job = defineJob<Payload & { key: string | undefined }>({
      name: 'many',
      key: ({ key }) => key,
      onConflict: 'replace',
      run: async () => undefined,
    })
    const handles = await enqueueMany(db, job, [
      { n: 1, key: 'b' },
      { n: 2, key: 'a' },
      { n: 3, key: undefined },
      { n: 4, key: 'b' },
    ])
    expect(handles.map(({ created }) => created)).toEqual([true, true, true, false])
    expect(handles[3]?.id).toBe(handles[0]?.id)
    expect((await getJob(db, handles[0]?.id ?? ''))?.payload).toMatchObject({ n: 4 })
  })

  test('of a job that is retried is behind those that are there', async () => {
    const fresh = await queue()
    const { db } = fresh
    const kind = waiting('again', (n) => {
      if (n === 0) throw new TypeError('Expected another')
    })
    const { id } = await enqueue(db, kind.job, { n: 0 })
    await whileOneRuns(fresh, kind, async () => undefined)
    expect((await getJob(db, id))?.state).toBe('failed')
    await enqueue(db, kind.job, { n: 1 })
    // The one that is there is behind none, but not yet the head.
    await expect(retryJob(db, id)).rejects.toMatchObject({ code: 'already_exists' })
    await createWorker(db, { jobs: [kind.job] }).runUntilIdle()
    expect(await retryJob(db, id)).toBe(true)
    expect(await cancelJob(db, id)).toBe('cancelled')
    expect(kind.ran).toEqual([0, 1])
  })
})

test.each([
  [{ onConflict: 'keep' }, "Expected onConflict to be 'skip', 'replace', 'debounce' or 'again'"],
  [{ onConflict: 'replace' }, 'for a job that was not defined with it'],
  [{ maxDelayMs: 5 }, "Expected maxDelayMs only with onConflict: 'debounce'"],
])('enqueue refuses %o for a job of skip', async (options, message) => {
  const { db } = await queue()
  const job = defineJob<object>({ name: 'x', run: async () => undefined })
  await expect(enqueue(db, job, {}, options as never)).rejects.toThrow(message)
})

test.each([
  [{}, 'Expected delayMs to be given for a debounce'],
  [{ runAt: new Date() }, 'Expected delayMs to be given for a debounce'],
  [{ delayMs: 10, maxDelayMs: 5 }, 'Expected maxDelayMs'],
])('enqueue refuses %o for a job of debounce', async (options, message) => {
  const { db } = await queue()
  const { job } = waiting('debounce')
  await expect(enqueue(db, job, { n: 1 }, options)).rejects.toThrow(message)
})
