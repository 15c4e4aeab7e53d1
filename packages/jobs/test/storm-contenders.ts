import { createDatabase, type Database, migrate } from '@yuzuru/db'
import { Logger, makeWorkerUtils } from 'graphile-worker'
import { type RawBuilder, sql } from 'kysely'
import { PgBoss } from 'pg-boss'
import { jobsMigrations } from '../src/database/migrations.ts'
import { enqueueMany } from '../src/queue/enqueue.ts'
import { STORM_LEASE_MS, type StormKind, type StormSchema } from './storm-effects.ts'
import { stormJobs } from './storm-jobs.ts'

/** A queue in the storm. */
export interface Contender {
  readonly name: string
  /** What it says of effects, in short. */
  readonly promises: string
  readonly kinds: readonly StormKind[]
  /** The program of a worker. */
  readonly program: string
  /** Makes the queue, and puts so many jobs of each kind into it. */
  fill(db: Database<StormSchema>, url: string, jobs: number): Promise<void>
  /** One row, of how many are `unfinished` and how many have `failed` for good. */
  readonly counts: RawBuilder<{ unfinished: number; failed: number }>
  /** What those failed with that have failed for good, where the queue says it. */
  readonly errors?: RawBuilder<{ error: string; times: number }>
  /** The jobs that are unfinished. */
  readonly left: RawBuilder<{ kind: string; n: number }>
  /** What its manual has an operator do about workers that have ended. */
  onEnded?(url: string, names: readonly string[]): Promise<void>
}

const numbers = (jobs: number): { readonly n: number }[] =>
  Array.from({ length: jobs }, (_, n) => ({ n }))

export function yuzuru(kinds: readonly StormKind[]): Contender {
  return {
    name: 'yuzuru',
    promises:
      'plain at least once; transactional (`completeIn`) exactly once; lease 1 s, 5 attempts',
    kinds,
    program: 'storm-process.ts',
    async fill(db, _url, jobs) {
      await migrate(db, [jobsMigrations])
      const noop = async (): Promise<void> => undefined
      const all = stormJobs({ plain: noop, transactional: noop, stepped: noop, batched: noop })
      for (const kind of kinds) await enqueueMany(db, all[kind], numbers(jobs))
    },
    counts: sql`select
      (select count(*) from yuzuru_jobs)::float8 as unfinished,
      (select count(*) from yuzuru_job_history where state = 'failed')::float8 as failed`,
    errors: sql`select last_error::text as error, count(*)::float8 as times from yuzuru_job_history
      where state = 'failed' group by last_error::text`,
    left: sql`select name as kind, (payload ->> 'n')::int as n from yuzuru_jobs`,
  }
}

const logger = new Logger(() => () => undefined)

export const graphile: Contender = {
  name: 'graphile-worker 0.18.0',
  promises:
    'at least once, no completion in the handler’s transaction; locks of dead workers last 4 hours, or until `forceUnlockWorkers`, which the storm calls; 25 attempts',
  kinds: ['plain', 'transactional'],
  program: 'storm-graphile-process.ts',
  async fill(_db, url, jobs) {
    const utils = await makeWorkerUtils({ connectionString: url, logger })
    try {
      await utils.migrate()
      for (const identifier of this.kinds) {
        await utils.addJobs(numbers(jobs).map((payload) => ({ identifier, payload })))
      }
    } finally {
      await utils.release()
    }
  },
  counts: sql`select (count(*) filter (where attempts < max_attempts or locked_at is not null))::float8 as unfinished,
    (count(*) filter (where attempts >= max_attempts and locked_at is null))::float8 as failed
    from graphile_worker._private_jobs`,
  left: sql`select identifier as kind, (payload ->> 'n')::int as n from graphile_worker._private_jobs as job
    join graphile_worker._private_tasks as task on task.id = job.task_id
    where attempts < max_attempts or locked_at is not null`,
  async onEnded(url, names) {
    const utils = await makeWorkerUtils({ connectionString: url, logger })
    try {
      await utils.forceUnlockWorkers([...names])
    } finally {
      await utils.release()
    }
  },
}

export const boss: Contender = {
  name: 'pg-boss 12.38.0',
  promises:
    'plain at least once; transactional (`work(…, { transactional: true })`) exactly once; `expireInSeconds: 2`, looked for every second; 3 attempts',
  kinds: ['plain', 'transactional'],
  program: 'storm-boss-process.ts',
  async fill(_db, url, jobs) {
    const pgBoss = new PgBoss({ connectionString: url, schedule: false, supervise: false })
    pgBoss.on('error', () => undefined)
    await pgBoss.start()
    try {
      for (const kind of this.kinds) {
        await pgBoss.createQueue(kind, { expireInSeconds: (2 * STORM_LEASE_MS) / 1_000 })
        await pgBoss.insert(
          kind,
          numbers(jobs).map((data) => ({ data })),
        )
      }
    } finally {
      await pgBoss.stop({ graceful: false })
    }
  },
  counts: sql`select (count(*) filter (where state in ('created', 'retry', 'active')))::float8 as unfinished,
    (count(*) filter (where state in ('failed', 'cancelled')))::float8 as failed from pgboss.job`,
  left: sql`select name as kind, (data ->> 'n')::int as n from pgboss.job
    where state in ('created', 'retry', 'active')`,
}

/** Opens the database of the storm. */
export function openStorm(url: string): Database<StormSchema> {
  return createDatabase<StormSchema>({ url })
}
