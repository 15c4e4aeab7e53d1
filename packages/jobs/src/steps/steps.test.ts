import { gather, sleep } from '@yuzuru/concurrency'
import { createDatabase, transaction } from '@yuzuru/db'
import { startFaultProxy } from '@yuzuru/sandbox'
import { type Kysely, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openKysely, type TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { takeOver, types, withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import type { Job, JobContext } from '../job/job.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { prune } from '../queue/prune.ts'
import { retryJob } from '../queue/retry-job.ts'
import { createWorker } from '../worker/worker.ts'

type Handler = (context: JobContext) => Promise<void>

const jobOf = (run: Handler, attempts = 5): Job<object> =>
  defineJob({ name: 'steps', attempts, backoff: () => 0, run: (_, context) => run(context) })

/** Counts how often each was called. */
function counter(): { readonly calls: Record<string, number>; of: <T>(name: string, value: T) => T } {
  const calls: Record<string, number> = {}
  const of = <T>(name: string, value: T): T => {
    calls[name] = (calls[name] ?? 0) + 1
    return value
  }
  return { calls, of }
}

async function withEffects(): Promise<{ db: Kysely<TestSchema>; url: string }> {
  const made = await queue()
  await sql`create table effects (job_id uuid, pid integer)`.execute(made.db)
  return made
}

const stepsOf = async (db: Kysely<TestSchema>): Promise<unknown[]> => {
  const { rows } = await sql<{ name: string; claim: number }>`
    select name, claim::float8 as claim from yuzuru_job_steps order by name`.execute(db)
  return rows
}

describe('a step', () => {
  test('that has finished is not run again, and gives what it gave', async () => {
    const { db } = await queue()
    const { calls, of } = counter()
    const seen: unknown[] = []
    const job = jobOf(async ({ step, attempt }) => {
      seen.push(await step('value', () => of('value', { at: [1, '東京', null] })))
      seen.push(await step('nothing', async () => void of('nothing', 1)))
      if (attempt === 1) throw new Error('once more')
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 2 })
    expect(calls).toEqual({ value: 1, nothing: 1 })
    const value = { at: [1, '東京', null] }
    expect(seen).toEqual([value, undefined, value, undefined])
  })

  test('that fails keeps nothing, and is run again', async () => {
    const { db } = await queue()
    const { calls, of } = counter()
    const job = jobOf(async ({ step, attempt }) => {
      await step('first', () => of('first', 1))
      await step('second', () => {
        of('second', 1)
        if (attempt < 3) throw new Error('not yet')
      })
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 3 })
    expect(calls).toEqual({ first: 1, second: 3 })
  })

  test.each(['a plain Kysely', 'a database of @yuzuru/db'])(
    'with a tx is kept with its effect, or not at all, on %s',
    async (kind) => {
      const { db: plain, url } = await withEffects()
      await using ours = createDatabase<TestSchema>({ url })
      const db = kind === 'a plain Kysely' ? plain : ours
      const job = jobOf(async ({ step, jobId, attempt }) => {
        await step('effect', db, async (tx) => {
          await tx.insertInto('effects').values({ job_id: jobId, pid: attempt }).execute()
          if (attempt === 1) throw new Error('rolled back')
        })
        if (attempt === 2) throw new Error('after the commit')
      })
      const { id } = await enqueue(db, job, {})
      await createWorker(db, { jobs: [job] }).runUntilIdle()
      expect(await plain.selectFrom('effects').selectAll().execute()).toEqual([
        { job_id: id, pid: 2 },
      ])
      expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 3 })
    },
  )

  test('is found by its name, side by side and in whatever order', async () => {
    const { db } = await queue()
    const { calls, of } = counter()
    const names = ['a', 'b', 'c', 'd', 'e']
    const job = jobOf(async ({ step, attempt }) => {
      const order = attempt % 2 === 0 ? names.toReversed() : names
      await gather(
        order.map((name, place) => async () => {
          // Some are asked for later than others.
          if (place % 2 === 1) await sleep(1)
          const value = await step(name, () => {
            of(name, 1)
            if (name === 'c' && attempt < 4) throw new Error('not yet')
            return name
          })
          expect(value).toBe(name)
        }),
      )
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 4 })
    expect(calls['c']).toBe(4)
    expect(await stepsOf(db)).toMatchObject(names.map((name) => ({ name })))
  })

  test('of a retried job goes on where the failed one ended', async () => {
    const { db } = await queue()
    const { calls, of } = counter()
    let isMended = false
    const job = jobOf(async ({ step }) => {
      await step('charge', () => of('charge', 1))
      if (!isMended) throw new TypeError('Expected a mended handler')
    })
    const { id } = await enqueue(db, job, {})
    const worker = createWorker(db, { jobs: [job] })
    await worker.runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'failed' })
    isMended = true
    await retryJob(db, id)
    await worker.runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({ state: 'completed' })
    expect(calls).toEqual({ charge: 1 })
  })

  test('is forgotten with its job', async () => {
    const { db } = await queue()
    const job = jobOf(async ({ step }) => void (await step('only', () => 1)))
    await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await stepsOf(db)).toHaveLength(1)
    expect(await prune(db, { olderThanMs: 0 })).toBe(1)
    expect(await stepsOf(db)).toEqual([])
  })

  test.each<[string, Handler, string]>([
    [
      'a name that was used before',
      async ({ step }) => {
        await step('twice', () => 1)
        await step('twice', () => 2)
      },
      'Expected the steps of a run to have names that differ, got "twice" twice',
    ],
    [
      'a result that JSON would change',
      async ({ step }) => void (await step('date', () => ({ at: new Date(0) }))),
      'Expected the result of "date".at to be JSON',
    ],
    [
      'an empty name',
      async ({ step }) => void (await step('', () => 1)),
      'Expected the name of the step to be 1 to 200 characters',
    ],
    [
      'a misspelt option',
      async ({ step }) => void (await step('x', () => 1, { timeoutms: 1 } as never)),
      'did you mean "timeoutMs"?',
    ],
    [
      'a tx without a database',
      async ({ step }) => void (await step('x', (async (tx: unknown) => tx) as never)),
      'Expected a database before a function that takes a tx',
    ],
  ])('refuses %s, and fails the job at once', async (_, run, message) => {
    const { db } = await queue()
    const job = jobOf(run)
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    const found = await getJob(db, id)
    expect(found).toMatchObject({ state: 'failed', attempt: 1 })
    expect(found?.lastError?.message).toContain(message)
  })

  test('refuses a transaction in place of a database', async () => {
    const { db } = await queue()
    const job = jobOf(async ({ step }) => {
      await db.transaction().execute((tx) => step('x', tx, async () => undefined))
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect((await getJob(db, id))?.lastError?.message).toContain('a step commits by itself')
  })

  test('is ended by its own deadline', async () => {
    const { db } = await queue()
    const { calls, of } = counter()
    const job = jobOf(async ({ step, attempt }) => {
      const work = async (): Promise<void> => {
        of('slow', 1)
        if (attempt === 1) await sleep(Infinity)
      }
      await step('slow', work, { timeoutMs: 20 })
    })
    const { id } = await enqueue(db, job, {})
    await createWorker(db, { jobs: [job] }).runUntilIdle()
    expect(await getJob(db, id)).toMatchObject({
      state: 'completed',
      attempt: 2,
      lastError: { name: 'TimeoutError' },
    })
    expect(calls).toEqual({ slow: 2 })
  })
})

describe('a step that was', () => {
  /** Runs a handler that fails, then another program's in its place. */
  async function changed(before: Handler, after: Handler): Promise<string | undefined> {
    const { db } = await queue()
    const first = jobOf(async (context) => {
      await before(context)
      throw new TypeError('Expected another program')
    })
    const { id } = await enqueue(db, first, {})
    await createWorker(db, { jobs: [first] }).runUntilIdle()
    const second = jobOf(after, 1)
    await sql`update yuzuru_job_history set max_attempts = 1`.execute(db)
    await retryJob(db, id)
    await createWorker(db, { jobs: [second] }).runUntilIdle()
    const found = await getJob(db, id)
    if (found?.state === 'completed') return undefined
    expect(found).toMatchObject({ state: 'failed', lastError: { code: 'step_changed' } })
    return found?.lastError?.message
  }

  test('removed is an error that says which', async () => {
    const message = await changed(
      async ({ step }) => {
        await step('kept', () => 1)
        await step('removed', () => 1)
      },
      async ({ step }) => void (await step('kept', () => 1)),
    )
    expect(message).toContain('an earlier run finished "removed", this one ended without it')
  })

  test('renamed is an error that says which, and is not run under its new name', async () => {
    let charges = 0
    const message = await changed(
      async ({ step }) => void (await step('charge', () => (charges += 1))),
      // The wait for "charge" is at the most half of what is left.
      ({ step }) => step('bill', () => (charges += 1), { timeoutMs: 200 }).then(() => undefined),
    )
    expect(message).toContain('an earlier run finished "charge", this one asked for "bill"')
    expect(charges).toBe(1)
  })

  test('added behind those that have finished is none', async () => {
    const message = await changed(
      async ({ step }) => void (await step('charge', () => 1)),
      async ({ step }) => {
        await step('charge', () => 1)
        await step('mail', () => 1)
      },
    )
    expect(message).toBeUndefined()
  })
})

describe('a step whose lease was lost', () => {
  test.each(['by itself', 'in a transaction'])('writes nothing and ends its handler, %s', async (way) => {
    const { db } = await withEffects()
    const begun = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<unknown>()
    const job = jobOf(async ({ step, jobId }) => {
      const work = async (): Promise<void> => {
        begun.resolve()
        await goOn.promise
      }
      const late =
        way === 'by itself'
          ? step('late', work)
          : step('late', db, async (tx) => {
              await work()
              await tx.insertInto('effects').values({ job_id: jobId, pid: 1 }).execute()
            })
      await late.catch((error: unknown) => ended.resolve(error))
      // The handler that passes over it is cancelled.
      await sleep(Infinity)
    })
    const { id } = await enqueue(db, job, {})
    const events = await withWorker(db, { jobs: [job], leaseMs: 60_000 }, async (all) => {
      await begun.promise
      // Its heartbeats do not see that: the step does.
      await takeOver(db, id)
      goOn.resolve()
      expect(await ended.promise).toMatchObject({ code: 'lease_lost', outcome: 'none' })
      await expect.poll(() => types(all), { interval: 5 }).toContain('lost')
    })
    expect(types(events)).toEqual(['started', 'lost'])
    expect(await stepsOf(db)).toEqual([])
    expect(await db.selectFrom('effects').selectAll().execute()).toEqual([])
  })
})

describe('a step whose COMMIT is in doubt', () => {
  test.each(['a plain Kysely', 'a database of @yuzuru/db'])(
    'is not run again where it was committed, on %s',
    async (kind) => {
      const { db, url } = await withEffects()
      const { hostname: host, port } = new URL(url)
      await using proxy = await startFaultProxy({ target: { host, port: Number(port) } })
      const faulty = kind === 'a plain Kysely' ? openKysely(proxy.url(url), 2) : undefined
      await using ours = createDatabase<TestSchema>({ url: proxy.url(url), cancelTimeoutMs: 200 })
      const { calls, of } = counter()
      proxy.set({ dropReply: { when: 'commit', times: 1 } })
      const job = jobOf(async ({ step, jobId }) => {
        const value = await step('effect', faulty ?? ours, async (tx) => {
          await tx.insertInto('effects').values({ job_id: jobId, pid: 1 }).execute()
          return of('effect', 'value')
        })
        expect(value).toBe('value')
      })
      const { id } = await enqueue(db, job, {})
      await createWorker(db, { jobs: [job] }).runUntilIdle()
      await faulty?.destroy()
      expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 1 })
      expect(calls).toEqual({ effect: 1 })
      expect(await db.selectFrom('effects').selectAll().execute()).toHaveLength(1)
    },
  )

  test.each(['a plain Kysely', 'a database of @yuzuru/db'])(
    'is run again in the same attempt where it was not, on %s',
    async (kind) => {
      const { db, url } = await withEffects()
      // The first commit ends its own connection before it takes effect.
      await sql`create sequence commits`.execute(db)
      await sql`create function end_first() returns trigger language plpgsql as $$ begin
        if nextval('commits') = 1 then perform pg_terminate_backend(pg_backend_pid()); end if;
        return null;
      end $$`.execute(db)
      await sql`create constraint trigger end_first after insert on effects
        deferrable initially deferred for each row execute function end_first()`.execute(db)
      await using ours = createDatabase<TestSchema>({ url, cancelTimeoutMs: 200 })
      const { calls, of } = counter()
      const job = jobOf(async ({ step, jobId }) => {
        await step('effect', kind === 'a plain Kysely' ? db : ours, async (tx) => {
          of('effect', 1)
          await tx.insertInto('effects').values({ job_id: jobId, pid: 1 }).execute()
        })
      })
      const { id } = await enqueue(db, job, {})
      await createWorker(db, { jobs: [job] }).runUntilIdle()
      expect(await getJob(db, id)).toMatchObject({ state: 'completed', attempt: 1 })
      expect(calls).toEqual({ effect: 2 })
      expect(await db.selectFrom('effects').selectAll().execute()).toHaveLength(1)
    },
  )
})

test('a transaction of the handler does not take a step for its own', async () => {
  const { db, url } = await queue()
  await using ours = createDatabase<TestSchema>({ url })
  const job = jobOf(async ({ step }) => {
    await transaction(ours, () => step('inner', () => 1))
  })
  const { id } = await enqueue(db, job, {})
  await createWorker(ours, { jobs: [job] }).runUntilIdle()
  expect(await getJob(db, id)).toMatchObject({ lastError: { code: 'nested_connection' } })
})
