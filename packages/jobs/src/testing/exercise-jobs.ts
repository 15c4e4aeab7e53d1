import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { gather } from '@yuzuru/concurrency'
import { casesOf, type Fixture, type SuiteCase } from '@yuzuru/concurrency/testing'
import type { Queryable } from '@yuzuru/db'
import { sql, type Transaction } from 'kysely'
import { defineCron } from '../cron/define-cron.ts'
import { deleteCron } from '../cron/pause-cron.ts'
import { execute } from '../database/execute.ts'
import { defineJob } from '../job/define-job.ts'
import type { Job, JobContext } from '../job/job.ts'
import { cancelJob } from '../queue/cancel-job.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { enqueueFlow } from '../queue/enqueue-flow.ts'
import { findJobs, type FindJobsOptions } from '../queue/find-jobs.ts'
import { getJob } from '../queue/get-job.ts'
import { retryJob } from '../queue/retry-job.ts'
import { sendEvent } from '../queue/send-event.ts'
import { waitFor } from '../queue/wait-for.ts'
import { createWorker } from '../worker/worker.ts'
import { drainJobs } from './drain-jobs.ts'

/** What a case runs on: a database where `jobsMigrations` have run. Disposed of when the case has ended. */
export interface JobsFixture<DB = unknown> extends Fixture {
  readonly db: Queryable<DB>
  /** Runs `fn` in a transaction of that database; rolls back and rethrows what it throws. */
  readonly transaction: <T>(fn: (tx: Transaction<DB>) => Promise<T>) => Promise<T>
}

/**
 * Makes cases that must pass on your PostgreSQL, driver and pooler. Each case takes a fixture of its own
 * and uses job names of its own, so it may share the database.
 *
 * @example
 * const cases = exerciseJobs(async () => {
 *   const db = createDatabase<Schema>({ url })
 *   const close = (): Promise<void> => db.close()
 *   return { db, transaction: (fn) => transaction(db, fn), [Symbol.asyncDispose]: close }
 * })
 * for (const { name, run } of cases) test(name, run)
 */
export function exerciseJobs<DB>(
  make: () => JobsFixture<DB> | Promise<JobsFixture<DB>>,
): readonly SuiteCase[] {
  const of = casesOf(make)
  return Object.entries(CASES).map(([name, check]) => of(name, check))
}

/** A job of a name that nobody else uses, and the payloads that it was run with. */
function recorder(fail?: (n: number) => void): { job: Job<{ n: number }>; ran: number[] } {
  const ran: number[] = []
  const job = defineJob<{ n: number }>({
    name: `exercise-${randomUUID()}`,
    attempts: 2,
    backoff: () => 0,
    run: async ({ n }) => {
      ran.push(n)
      fail?.(n)
    },
  })
  return { job, ran }
}

/** A job of a name that nobody else uses, whose handler has steps. */
function stepping(run: (context: JobContext) => Promise<void>, attempts = 2): Job<object> {
  const name = `exercise-${randomUUID()}`
  return defineJob({ name, attempts, backoff: () => 0, run: (_, context) => run(context) })
}

const CASES: Record<string, <DB>(fixture: JobsFixture<DB>) => Promise<void>> = {
  'a job that was enqueued is run once': async ({ db }) => {
    const { job, ran } = recorder()
    const { id, created } = await enqueue(db, job, { n: 1 })
    assert.equal(created, true)
    assert.equal((await drainJobs(db, [job])).completed, 1)
    assert.deepEqual(ran, [1])
    assert.equal((await getJob(db, id))?.state, 'completed')
    assert.equal((await drainJobs(db, [job])).completed, 0)
  },

  'a job whose transaction rolled back does not exist': async ({ db, transaction }) => {
    const { job, ran } = recorder()
    const failed = transaction(async (tx) => {
      await enqueue(tx, job, { n: 1 })
      throw new Error('rolled back')
    })
    await assert.rejects(failed, /rolled back/)
    await transaction((tx) => enqueueMany(tx, job, [{ n: 2 }, { n: 3 }]))
    await drainJobs(db, [job])
    assert.deepEqual(
      ran.toSorted((a, b) => a - b),
      [2, 3],
    )
  },

  'a failing job is tried again, and then kept as failed': async ({ db }) => {
    const { job, ran } = recorder(() => {
      throw new Error('always')
    })
    const { id } = await enqueue(db, job, { n: 1 })
    const { retrying, failed } = await drainJobs(db, [job])
    assert.deepEqual({ retrying, failed, ran }, { retrying: 1, failed: 1, ran: [1, 1] })
    assert.equal((await getJob(db, id))?.lastError?.message, 'always')
    assert.equal(await retryJob(db, id), true)
    assert.equal((await drainJobs(db, [job])).failed, 1)
  },

  'a key gives the unfinished job to all callers that race for it': async ({ db }) => {
    const { job } = recorder()
    const racing = Array.from({ length: 10 }, () => enqueue(db, job, { n: 1 }, { key: 'k' }))
    const handles = await Promise.all(racing)
    assert.equal(handles.filter((handle) => handle.created).length, 1)
    assert.equal(new Set(handles.map((handle) => handle.id)).size, 1)
  },

  'a key whose jobs follow each other has one that runs and one that waits, of which the last payload counts':
    async ({ db, transaction }) => {
      const ran: number[] = []
      const job = defineJob<{ n: number }>({
        name: `exercise-${randomUUID()}`,
        key: () => 'k',
        onConflict: 'replace',
        run: async ({ n }) => {
          ran.push(n)
          if (n > 0) return
          await enqueue(db, job, { n: 1 })
          await transaction(async (tx) => {
            assert.equal((await enqueue(tx, job, { n: 2 })).created, false)
          })
        },
      })
      await enqueue(db, job, { n: 0 })
      await drainJobs(db, [job])
      assert.deepEqual(ran, [0, 2])
    },
  'jobs are found by their tags, kind and state, page by page': async ({ db }) => {
    const { job } = recorder()
    const tag = `exercise-${randomUUID()}`
    const handles = await enqueueMany(db, job, [{ n: 1 }, { n: 2 }, { n: 3 }], { tags: [tag] })
    await enqueue(db, job, { n: 4 })
    await drainJobs(db, [job])
    const { id } = await enqueue(db, job, { n: 5 }, { tags: [tag, 'late'] })
    const found = async (options: FindJobsOptions): Promise<string[]> => {
      const ids: string[] = []
      for (let after: string | undefined; ;) {
        const page = await findJobs(db, { tags: [tag], limit: 2, ...options, after })
        ids.push(...page.jobs.map((each) => each.id))
        after = page.next
        if (after === undefined) return ids
      }
    }
    const all = [
      id,
      ...handles
        .map((handle) => handle.id)
        .toSorted()
        .toReversed(),
    ]
    assert.deepEqual(await found({}), all)
    assert.deepEqual(await found({ states: ['waiting'] }), [id])
    assert.deepEqual(await found({ tags: ['late', tag], job }), [id])
    assert.deepEqual(await found({ job: 'another' }), [])
    assert.equal((await found({ tags: undefined, job, states: ['completed'] })).length, 4)
  },
  'a limit holds for workers that race, of the kind and of each tenant, and tenants take turns':
    async ({ db }) => {
      const ran: string[] = []
      let running = 0
      const job = defineJob<{ tenant: string }>({
        name: `exercise-${randomUUID()}`,
        limits: { concurrency: 2, perTenant: { concurrency: 1 } },
        tenant: ({ tenant }) => tenant,
        run: async ({ tenant }) => {
          running += 1
          assert.ok(running <= 2, `expected 2 at the most, got ${running}`)
          await new Promise(setImmediate)
          running -= 1
          ran.push(tenant)
        },
      })
      const all = [...Array.from({ length: 10 }, () => 'a'), 'b', 'b']
      await enqueueMany(
        db,
        job,
        all.map((tenant) => ({ tenant })),
      )
      await Promise.all([drainJobs(db, [job]), drainJobs(db, [job]), drainJobs(db, [job])])
      await drainJobs(db, [job])
      assert.deepEqual(ran.toSorted(), all)
      assert.ok(ran.lastIndexOf('b') < 8, `expected b to have its turns, got ${ran.join('')}`)
    },
  'a group runs its jobs one at a time, in their order, on workers that race': async ({ db }) => {
    const ran: number[] = []
    let running = 0
    const job = defineJob<{ n: number }>({
      name: `exercise-${randomUUID()}`,
      attempts: 2,
      backoff: () => 0,
      group: () => 'g',
      run: async ({ n }, { attempt }) => {
        running += 1
        assert.equal(running, 1)
        await new Promise(setImmediate)
        running -= 1
        if (attempt === 1 && n % 3 === 0) throw new Error('once more')
        ran.push(n)
      },
    })
    const all = Array.from({ length: 12 }, (_, n) => n)
    await enqueueMany(
      db,
      job,
      all.map((n) => ({ n })),
    )
    await Promise.all([drainJobs(db, [job]), drainJobs(db, [job]), drainJobs(db, [job])])
    await drainJobs(db, [job])
    assert.deepEqual(ran, all)
  },
  'a payload of an older version is upgraded, and a newer one is left for newer workers': async ({
    db,
  }) => {
    const ran: number[] = []
    const of = (name: string, version: number): Job<{ n: number }> =>
      defineJob<{ n: number }>({
        name,
        version,
        upgrade: version === 1 ? {} : { 1: (old) => ({ n: (old as { n: number }).n + 1 }) },
        run: async ({ n }) => {
          ran.push(n)
        },
      })
    const name = `exercise-${randomUUID()}`
    await enqueue(db, of(name, 1), { n: 1 })
    await drainJobs(db, [of(name, 2)])
    const { id } = await enqueue(db, of(name, 2), { n: 3 })
    await drainJobs(db, [of(name, 1)])
    assert.deepEqual(ran, [2])
    const { state, attempt } = (await getJob(db, id)) ?? {}
    assert.deepEqual([state, attempt], ['waiting', 0])
  },

  'a job for later waits, and a cancelled one never runs': async ({ db }) => {
    const { job, ran } = recorder()
    await enqueue(db, job, { n: 1 }, { delayMs: 3_600_000 })
    const { id } = await enqueue(db, job, { n: 2 })
    assert.equal(await cancelJob(db, id), 'cancelled')
    await drainJobs(db, [job])
    assert.deepEqual(ran, [])
  },

  'the result of a job is given to all that wait for it': async ({ db }) => {
    const job = defineJob<{ n: number }, { doubled: number }>({
      name: `exercise-${randomUUID()}`,
      run: async ({ n }, { progress }) => {
        progress({ n })
        return { doubled: 2 * n }
      },
    })
    const handles = await enqueueMany(db, job, [{ n: 1 }, { n: 2 }, { n: 3 }])
    const waiting = Promise.all(
      [...handles, ...handles].map(({ id }) => waitFor(db, job, id, { timeoutMs: 60_000 })),
    )
    await drainJobs(db, [job])
    const doubled = (await waiting).map((result) => result.doubled)
    assert.deepEqual(doubled, [2, 4, 6, 2, 4, 6])
    const found = await getJob(db, handles[2]?.id ?? '')
    assert.deepEqual(found?.result, { doubled: 6 })
    assert.deepEqual(found?.progress?.value, { n: 3 })
  },

  'a job that has failed or is not there is an error of those that wait for it': async ({ db }) => {
    const { job } = recorder(() => {
      throw new TypeError('Expected another payload')
    })
    const { id } = await enqueue(db, job, { n: 1 })
    const waiting = assert.rejects(waitFor(db, job, id, { timeoutMs: 60_000 }), {
      code: 'job_failed',
    })
    await drainJobs(db, [job])
    await waiting
    await assert.rejects(waitFor(db, job, randomUUID()), { code: 'not_found' })
  },

  'completeIn makes the effect and the completion one': async ({ db, transaction }) => {
    const job = defineJob<object>({
      name: `exercise-${randomUUID()}`,
      attempts: 2,
      backoff: () => 0,
      run: async (_, { attempt, completeIn }) => {
        await transaction(async (tx) => {
          await completeIn(tx)
          if (attempt === 1) throw new Error('rolled back')
        })
        throw new Error('too late to matter')
      },
    })
    const { id } = await enqueue(db, job, {})
    await drainJobs(db, [job])
    const found = await getJob(db, id)
    assert.deepEqual([found?.state, found?.attempt], ['completed', 2])
  },

  'a step that has finished is not run again, and gives what it gave': async ({ db }) => {
    const calls: string[] = []
    const seen: unknown[] = []
    const job = stepping(async ({ step, attempt }) => {
      const of = (name: string) => async (): Promise<unknown> => {
        calls.push(name)
        if (name === 'second' && attempt === 1) throw new Error('not yet')
        return { name }
      }
      seen.push(await step('first', of('first')), await step('second', of('second')))
    })
    const { id } = await enqueue(db, job, {})
    await drainJobs(db, [job])
    assert.equal((await getJob(db, id))?.state, 'completed')
    assert.deepEqual(calls, ['first', 'second', 'second'])
    assert.deepEqual(seen, [{ name: 'first' }, { name: 'second' }])
  },

  'a step with a tx is kept with its effect, or not at all': async ({ db }) => {
    const { job: effect } = recorder()
    const results: unknown[] = []
    const job = stepping(async ({ step, attempt }) => {
      const result = await step('effect', db, async (tx) => {
        await enqueue(tx, effect, { n: attempt })
        if (attempt === 1) throw new Error('rolled back')
        return attempt
      })
      results.push(result)
      if (attempt === 2) throw new Error('after the commit')
    }, 3)
    await enqueue(db, job, {})
    // The effect is a job itself: so many of them there are.
    const { completed } = await drainJobs(db, [job, effect])
    assert.deepEqual({ completed, results }, { completed: 2, results: [2, 2] })
  },

  'steps run side by side, and are found in whatever order': async ({ db }) => {
    const calls: string[] = []
    const job = stepping(async ({ step, attempt }) => {
      const one = (name: string) => async (): Promise<void> => {
        await step(name, () => calls.push(name))
      }
      const all = [one('a'), one('b'), one('c')]
      await gather(attempt === 1 ? all : all.toReversed())
      if (attempt === 1) throw new Error('once more')
    })
    await enqueue(db, job, {})
    assert.equal((await drainJobs(db, [job])).completed, 1)
    assert.deepEqual(calls.toSorted(), ['a', 'b', 'c'])
  },

  'an event goes once to each wait, sent before it began or after': async ({ db, transaction }) => {
    const event = `exercise-${randomUUID()}`
    const got: unknown[] = []
    const job = stepping(async ({ step, attempt }) => {
      const first = await step.waitFor(event, { key: 'k' })
      const second = await step.waitFor(event, { key: 'k', name: 'second' })
      if (attempt === 1) throw new Error('once more')
      got.push([first, second])
    })
    const { id } = await enqueue(db, job, {})
    await sendEvent(db, event, 'k', 1)
    await drainJobs(db, [job])
    assert.equal((await getJob(db, id))?.state, 'waiting')
    const failed = transaction(async (tx) => {
      await sendEvent(tx, event, 'k', 2)
      throw new Error('rolled back')
    })
    await assert.rejects(failed, /rolled back/)
    await transaction((tx) => sendEvent(tx, event, 'k', 3))
    await drainJobs(db, [job])
    assert.deepEqual(got, [[1, 3]])
  },

  'a child gives its result to its parent, which fails with it and cancels it': async ({ db }) => {
    const ran: number[] = []
    const child = defineJob<{ n: number }, number>({
      name: `exercise-${randomUUID()}`,
      run: async ({ n }) => {
        ran.push(n)
        if (n < 0) throw new TypeError('Expected n to be 0 or more, got less')
        return 2 * n
      },
    })
    const got: unknown[] = []
    const job = stepping(async ({ step, attempt }) => {
      const all = [1, 2].map((n) => () => step.run(child, { n }, { name: `child ${n}` }))
      got.push(...(await gather(all)))
      if (attempt === 1) throw new Error('once more')
      got.push(await step.run(child, { n: -1 }).catch((error: { code: string }) => error.code))
    })
    await enqueue(db, job, {})
    await drainJobs(db, [job, child])
    // A run that ends at the failed child, then the one that goes on behind it: its last line is reached once.
    assert.deepEqual(got.slice(-3), [2, 4, 'job_failed'])
    assert.deepEqual(
      ran.toSorted((a, b) => a - b),
      [-1, 1, 2],
    )
    const parent = stepping(async ({ step }) => void (await step.run(child, { n: 5 })))
    const { id } = await enqueue(db, parent, {})
    await drainJobs(db, [parent])
    assert.equal(await cancelJob(db, id), 'cancelled')
    await drainJobs(db, [parent, child])
    assert.equal(ran.includes(5), false)
  },

  'a flow runs what comes after others once, when all of them have ended': async ({ db }) => {
    const { job: first, ran } = recorder((n) => {
      if (n === 2) throw new TypeError('Expected another number')
    })
    const { job: other, ran: after } = recorder()
    const flow = await enqueueFlow(db, {
      batch: { job: first, payloads: [{ n: 1 }, { n: 2 }, { n: 3 }] },
      done: { job: other, payload: { n: ran.length }, after: 'batch', onFailure: 'ignore' },
      never: { job: other, payload: { n: 9 }, after: ['batch', 'done'] },
    })
    await drainJobs(db, [other])
    assert.deepEqual(after, [])
    await drainJobs(db, [first, other])
    assert.equal(ran.length, 3)
    assert.deepEqual(after, [0])
    const never = await getJob(db, flow.never[0]?.id ?? '')
    assert.deepEqual([never?.state, never?.lastError?.code], ['failed', 'dependency_failed'])
  },

  'a cron has one job for each of its times, from workers that race': async ({ db }) => {
    const name = `exercise-${randomUUID()}`
    const times: string[] = []
    const job = defineJob<object>({
      name,
      run: async (_, { cron }) => {
        times.push(`${cron?.at.toISOString()}`)
      },
    })
    const cron = defineCron({ name, job, payload: {}, schedule: '* * * * *', missed: 'all' })
    const work = (): Promise<void> =>
      createWorker(db, { jobs: [job], crons: [cron] }).runUntilIdle()
    await work()
    const hourAgo = sql`clock_timestamp() - interval '1 hour'`
    await execute(
      db,
      { operation: 'exercise', effect: 'idempotent' },
      sql`update yuzuru_job_crons set done_until = ${hourAgo}, next_at = ${hourAgo} where name = ${name}`,
    )
    await Promise.all([work(), work(), work()])
    await work()
    assert.ok(times.length >= 60, `expected at least 60 times, got ${times.length}`)
    assert.equal(new Set(times).size, times.length)
    assert.deepEqual(await deleteCron(db, name), { deleted: true })
  },
}
