import { createDatabase, type Database } from '@yuzuru/db'
import { Kysely, PostgresDialect, PostgresDriver, type RawBuilder, sql } from 'kysely'
import { Pool } from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { expireLeases, takeOver, withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import { recover } from '../engine/worker-row.ts'
import type { Job } from '../job/job.ts'
import type { JobLimits } from '../job/limits.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { sendEvent } from '../queue/send-event.ts'
import { waitFor } from '../queue/wait-for.ts'
import { createWorker } from './worker.ts'
import type { WorkerEvent } from './worker-event.ts'

/** No poll would come in time: what is not looked for again is not run. */
const NO_POLL = { pollMs: 600_000 }

interface Kinds {
  readonly db: Kysely<TestSchema>
  readonly job: Job<{ n: number }>
}

interface Case {
  readonly name: string
  readonly options?: { readonly limits?: JobLimits; readonly group?: () => string }
  /** Whether the worker has no other kind. */
  readonly isAlone?: boolean
  /** Whether a job of another kind is run meanwhile. */
  readonly beside?: boolean
  /** What the other transaction has locked. @default the row of the job */
  readonly locked?: RawBuilder<unknown>
  /** Makes a job that a worker would take, and no worker has. @returns its id */
  readonly prepare: (kinds: Kinds) => Promise<string>
}

const cases: readonly Case[] = [
  {
    name: 'is due, of the only kind that the worker has',
    isAlone: true,
    prepare: async ({ db, job }) => (await enqueue(db, job, { n: 1 })).id,
  },
  {
    name: 'is due, of one of several kinds',
    prepare: async ({ db, job }) => (await enqueue(db, job, { n: 1 })).id,
  },
  {
    name: 'was for later, and is due now',
    prepare: async ({ db, job }) => {
      const { id } = await enqueue(db, job, { n: 1 }, { delayMs: 3_600_000 })
      await sql`update yuzuru_jobs set run_at = now() where id = ${id}::uuid`.execute(db)
      return id
    },
  },
  {
    name: 'is the next of its group',
    options: { group: () => 'office 1' },
    prepare: async ({ db, job }) => {
      const [first, second] = await enqueueMany(db, job, [{ n: 0 }, { n: 1 }])
      await sql`delete from yuzuru_jobs where id = ${first?.id}::uuid`.execute(db)
      return second?.id as string
    },
  },
  {
    name: 'is held back by a limit that has room',
    options: { limits: { concurrency: 1, rate: { count: 1, perMs: 3_600_000 } } },
    prepare: async ({ db, job }) => (await enqueue(db, job, { n: 1 })).id,
  },
  {
    name: 'ran when its worker vanished',
    beside: true,
    prepare: async ({ db, job }) => {
      const { id } = await enqueue(db, job, { n: 1 })
      await takeOver(db, id, 1)
      await expireLeases(db)
      return id
    },
  },
  {
    // So does each claim, and who takes back its jobs.
    name: 'ran when its worker vanished, whose row is locked',
    beside: true,
    locked: sql`select from yuzuru_job_workers where lease_until < now() for key share`,
    prepare: async ({ db, job }) => {
      const { id } = await enqueue(db, job, { n: 1 })
      await takeOver(db, id, 1)
      await expireLeases(db)
      return id
    },
  },
  {
    name: 'is tried alone',
    prepare: async ({ db, job }) => {
      const { id } = await enqueue(db, job, { n: 1 })
      await sql`update yuzuru_jobs set stage = 2, crashes = 1 where id = ${id}::uuid`.execute(db)
      return id
    },
  },
]

/** Has a transaction hold the row of a job, or other rows. @returns what ends it */
async function lockedElsewhere(
  db: Kysely<TestSchema>,
  id: string,
  rows: RawBuilder<unknown> = sql`select from yuzuru_jobs where id = ${id}::uuid for no key update`,
): Promise<() => Promise<void>> {
  const tx = await db.startTransaction().execute()
  let isHeld = true
  const release = async (): Promise<void> => {
    if (isHeld) await tx.commit().execute()
    isHeld = false
  }
  onTestFinished(release)
  await rows.execute(tx)
  return release
}

/** Opens a queue such that something is done before each transaction begins. */
function openBetween(url: string, before: () => Promise<void>): Kysely<TestSchema> {
  const pool = new Pool({ connectionString: url })
  class Driver extends PostgresDriver {
    override async beginTransaction(
      ...args: Parameters<PostgresDriver['beginTransaction']>
    ): Promise<void> {
      await before()
      await super.beginTransaction(...args)
    }
  }
  class Dialect extends PostgresDialect {
    override createDriver(): Driver {
      return new Driver({ pool })
    }
  }
  const db = new Kysely<TestSchema>({ dialect: new Dialect({ pool }) })
  onTestFinished(() => db.destroy())
  return db
}

/** Waits until the worker listens, and has nothing left to look for: only what it looks for again can wake it. */
async function quiet(admin: Kysely<TestSchema>): Promise<void> {
  const ours = sql`
    from pg_stat_activity
    where application_name = current_setting('application_name') and pid <> pg_backend_pid()`
  const isQuiet = sql<{ quiet: boolean }>`
    select exists (select ${ours} and query like 'listen %') and not exists (
      select ${ours} and query not like 'select from yuzuru_jobs%'
        and state_change > clock_timestamp() - interval '150 ms') as quiet`
  await expect.poll(async () => (await isQuiet.execute(admin)).rows[0]?.quiet).toBe(true)
}

function counted(options: Case['options'] = {}) {
  const runs = new Map<number, PromiseWithResolvers<void>>()
  const run = (n: number): PromiseWithResolvers<void> => {
    if (!runs.has(n)) runs.set(n, Promise.withResolvers())
    return runs.get(n) as PromiseWithResolvers<void>
  }
  const job = defineJob<{ n: number }>({
    name: 'job',
    ...options,
    run: async ({ n }) => run(n).resolve(),
  })
  return { job, ran: (n: number): Promise<void> => run(n).promise }
}

async function ours(): Promise<{
  readonly admin: Kysely<TestSchema>
  readonly db: Database<unknown>
}> {
  const { db: admin, url } = await queue()
  const db = createDatabase<unknown>({ url })
  onTestFinished(() => db.close())
  return { admin, db }
}

describe('a job that another transaction has locked when a worker looks', () => {
  test.each(cases)(
    'is run as soon as it is free, where it $name',
    async ({ options, isAlone = false, beside = false, locked, prepare }) => {
      const { admin, db } = await ours()
      const { job, ran } = counted(options)
      const other = counted()
      const others = { ...other.job, name: 'other' }
      const id = await prepare({ db: admin, job })
      const release = await lockedElsewhere(admin, id, locked)
      const jobs = isAlone ? [job] : [job, others]
      await withWorker(db, { ...NO_POLL, jobs }, async () => {
        if (beside) {
          await enqueue(db, others, { n: 2 })
          await other.ran(2)
        }
        await quiet(admin)
        await release()
        await ran(1)
      })
    },
  )

  test('is run as soon as it is free, where the event that it waits for has come', async () => {
    const { admin, db } = await ours()
    const { promise: ended, resolve } = Promise.withResolvers<unknown>()
    const job = defineJob<object>({
      name: 'waits',
      run: async (_, { step }) => resolve(await step.waitFor('signed', { key: 'plan 1' })),
    })
    const { id } = await enqueue(db, job, {})
    const parked = Promise.withResolvers<void>()
    const onEvent = ({ type }: { type: string }): void => {
      if (type === 'sleeping') parked.resolve()
    }
    await withWorker(db, { ...NO_POLL, jobs: [job], onEvent }, async () => {
      await parked.promise
      const release = await lockedElsewhere(admin, id)
      await sendEvent(db, 'signed', 'plan 1', 42)
      const signal = sql<{ jobs: number }>`
        select count(*)::int as jobs from yuzuru_job_signals where job_id = ${id}::uuid`
      // Its signal was looked at, and left for the next time.
      await expect.poll(async () => (await signal.execute(admin)).rows[0]?.jobs).toBe(1)
      await quiet(admin)
      await release()
      expect(await ended).toBe(42)
    })
  })

  test('keeps runUntilIdle from its end', async () => {
    const { admin, db } = await ours()
    const { job, ran } = counted()
    const { id } = await enqueue(db, job, { n: 1 })
    await enqueue(db, job, { n: 2 })
    const release = await lockedElsewhere(admin, id)
    const idle = createWorker(db, { ...NO_POLL, jobs: [job] }).runUntilIdle()
    await ran(2)
    await release()
    await idle
    await ran(1)
  })

  test('keeps runUntilIdle from its end, where another has just taken it back from a worker that vanished', async () => {
    const { db, url } = await queue()
    const { job, ran } = counted()
    const { id } = await enqueue(db, job, { n: 1 })
    await takeOver(db, id, 1)
    await expireLeases(db)
    // Between the look that finds the lease of a worker over and the one for what it held.
    const takenBack: (string | null)[] = []
    const worker = openBetween(url, async () => {
      const rules = { quietMs: Infinity, except: [] }
      if (takenBack.length > 0) return
      takenBack.push((await recover(db as Kysely<unknown>, rules, { timeoutMs: 60_000 })).worker)
    })
    await createWorker(worker, { ...NO_POLL, jobs: [job] }).runUntilIdle()
    await ran(1)
    expect(takenBack).toEqual([expect.any(String)])
  })

  test('is heard of by waitFor as soon as it has ended', async () => {
    const { admin, db } = await ours()
    const { job, ran } = counted()
    const { id } = await enqueue(db, job, { n: 1 })
    const release = await lockedElsewhere(admin, id)
    const waiting = waitFor(db, job, id)
    await withWorker(db, { ...NO_POLL, jobs: [job] }, async () => {
      await release()
      await ran(1)
      await waiting
    })
  })
})

test('a look that failed is made again soon, and finds what was announced meanwhile', async () => {
  const { admin, db } = await ours()
  const { job, ran } = counted()
  const failed = Promise.withResolvers<void>()
  const onEvent = (event: WorkerEvent): void => {
    if (event.type === 'error' && event.operation === 'claim') failed.resolve()
  }
  await withWorker(db, { ...NO_POLL, jobs: [job], onEvent }, async () => {
    await enqueue(db, job, { n: 1 })
    await ran(1)
    await quiet(admin)
    await sql`alter table yuzuru_job_workers rename to gone`.execute(admin)
    await enqueue(db, job, { n: 2 })
    await failed.promise
    await sql`alter table gone rename to yuzuru_job_workers`.execute(admin)
    await ran(2)
  })
})
