/** The queues that are compared, each with a table of its own in one server that writes to disk. */
import { deepStrictEqual } from 'node:assert/strict'
import { createDatabase, type Database, migrate } from '@yuzuru/db'
import { createWorker, defineJob, enqueueMany, type Job, jobsMigrations } from '@yuzuru/jobs'
import { startPostgres } from '@yuzuru/sandbox'
import { Logger, makeWorkerUtils, run, type RunnerOptions } from 'graphile-worker'
import { Client, Pool } from 'pg'
import { PgBoss } from 'pg-boss'

/** Something that jobs can be put into and taken from. */
export interface Queue {
  readonly name: string
  /** Puts so many jobs into it, and lets the server be done with that. */
  fill(jobs: number): Promise<void>
  /** Takes all of them, and returns when each is done and written down. Gives how many it was. */
  drain(jobs: number): Promise<number>
}

/** Fills a queue and drains it; gives how many jobs a second that did. */
export async function drainRate(queue: Queue, jobs: number): Promise<number> {
  await queue.fill(jobs)
  const startedAt = performance.now()
  const done = await queue.drain(jobs)
  const tookMs = performance.now() - startedAt
  deepStrictEqual(done, jobs, `${queue.name} did not do each job once`)
  return (jobs / tookMs) * 1_000
}

/** A database of its own on a server that waits for the disk at every commit. */
export async function startDatabase(resources: AsyncDisposableStack): Promise<string> {
  const settings = { fsync: 'on', shared_buffers: '256MB', max_wal_size: '4GB' }
  const postgres = resources.use(await startPostgres({ settings }))
  return await postgres.createDatabase()
}

/** Has the server forget what the last turn left behind. */
export async function settle(url: string, tables: string): Promise<void> {
  const client = new Client(url)
  await client.connect()
  await client.query(`vacuum analyze ${tables}`)
  await client.query('checkpoint')
  await client.end()
}

/** Puts jobs into the `queue` of a loop by hand, and lets the server be done with that and with the other tables. */
export async function fillByHand(
  pool: Pool,
  url: string,
  jobs: number,
  tables: string,
): Promise<void> {
  await pool.query(
    `insert into queue (payload)
      select json_build_object('n', n) from generate_series(1, $1) n`,
    [jobs],
  )
  await settle(url, tables)
}

/** Ours. */
export async function ours(
  resources: AsyncDisposableStack,
  name: string,
  options: { readonly concurrency?: number } = {},
): Promise<
  Queue & {
    readonly url: string
    readonly db: Database<object>
    readonly job: Job<{ n: number }>
  }
> {
  const url = await startDatabase(resources)
  const db = resources.use(createDatabase<object>({ url }))
  await migrate(db, [jobsMigrations])
  let done = 0
  const job = defineJob<{ n: number }>({
    name: 'count',
    run: async () => {
      done += 1
    },
  })
  return {
    name,
    url,
    db,
    job,
    async fill(jobs) {
      await enqueueMany(
        db,
        job,
        Array.from({ length: jobs }, (_, n) => ({ n })),
      )
      await settle(url, 'yuzuru_jobs, yuzuru_job_history')
    },
    async drain() {
      done = 0
      await createWorker(db, { jobs: [job], ...options }).runUntilIdle()
      return done
    },
  }
}

/** graphile-worker. */
export async function graphile(
  resources: AsyncDisposableStack,
  name: string,
  options: RunnerOptions = {},
): Promise<Queue & { readonly url: string }> {
  const url = await startDatabase(resources)
  const logger = new Logger(() => () => undefined)
  const utils = await makeWorkerUtils({ connectionString: url, logger })
  resources.defer(() => utils.release())
  await utils.migrate()
  return {
    name,
    url,
    async fill(jobs) {
      for (let from = 0; from < jobs; from += 1_000) {
        await utils.addJobs(
          Array.from({ length: Math.min(1_000, jobs - from) }, (_, n) => ({
            identifier: 'count',
            payload: { n: from + n },
          })),
        )
      }
      await settle(url, 'graphile_worker._private_jobs')
    },
    async drain(jobs) {
      let done = 0
      const { promise, resolve } = Promise.withResolvers<void>()
      const count = async (): Promise<void> => {
        done += 1
        if (done === jobs) resolve()
      }
      const runner = await run({
        connectionString: url,
        logger,
        noHandleSignals: true,
        taskList: { count },
        ...options,
      })
      await promise
      await runner.stop()
      return done
    },
  }
}

/** How many jobs the loops by hand, and pg-boss, take at once. */
const BATCH = 500

/** pg-boss in its fastest form: batches, fetched and completed by hand. */
export async function boss(
  resources: AsyncDisposableStack,
  name: string,
  connections: number,
): Promise<Queue> {
  const url = await startDatabase(resources)
  const pgBoss = new PgBoss({
    connectionString: url,
    max: connections,
    schedule: false,
    supervise: false,
  })
  pgBoss.on('error', () => undefined)
  await pgBoss.start()
  resources.defer(() => pgBoss.stop({ graceful: false }))
  await pgBoss.createQueue('count')
  return {
    name,
    async fill(jobs) {
      for (let from = 0; from < jobs; from += 1_000) {
        await pgBoss.insert(
          'count',
          Array.from({ length: Math.min(1_000, jobs - from) }, (_, n) => ({
            data: { n: from + n },
          })),
        )
      }
      await settle(url, 'pgboss.job')
    },
    async drain() {
      let done = 0
      const loop = async (): Promise<void> => {
        for (;;) {
          const jobs = await pgBoss.fetch('count', { batchSize: BATCH })
          if (jobs.length === 0) return
          await pgBoss.complete(
            'count',
            jobs.map(({ id }) => id),
          )
          done += jobs.length
        }
      }
      await Promise.all(Array.from({ length: connections }, loop))
      return done
    },
  }
}

const MOVE = `with gone as (delete from queue where id = any ($1) returning *)
  insert into done (id, payload, attempt, taken_at) select id, payload, attempt, taken_at from gone`

/**
 * A loop as one writes it by hand: lock, take and delete in batches; nothing recovers.
 *
 * @param options `keep`: what is done is moved into a table by id and time, as ours is; otherwise nothing is kept
 */
export async function byHand(
  resources: AsyncDisposableStack,
  name: string,
  connections: number,
  { keep = false }: { readonly keep?: boolean } = {},
): Promise<Queue> {
  const url = await startDatabase(resources)
  const pool = resources.adopt(new Pool({ connectionString: url, max: connections }), (it) =>
    it.end(),
  )
  await pool.query(`
    create table queue (
      id bigint primary key generated always as identity,
      payload json not null,
      attempt int not null default 0,
      taken_at timestamptz
    ) with (fillfactor = 50)`)
  await pool.query(`
    create table done (id bigint primary key, payload json not null, attempt int not null,
      taken_at timestamptz not null, done_at timestamptz not null default now())`)
  await pool.query('create index on done (done_at)')
  const remove = keep ? MOVE : 'delete from queue where id = any ($1)'
  return {
    name,
    fill: (jobs) => fillByHand(pool, url, jobs, 'queue, done'),
    async drain() {
      let done = 0
      const loop = async (): Promise<void> => {
        for (;;) {
          const { rows } = await pool.query<{ id: string; payload: unknown }>(
            `update queue set taken_at = now(), attempt = attempt + 1 where id in (
              select id from queue where taken_at is null order by id limit $1
              for update skip locked) returning id, payload`,
            [BATCH],
          )
          if (rows.length === 0) return
          await pool.query(remove, [rows.map(({ id }) => id)])
          done += rows.length
        }
      }
      await Promise.all(Array.from({ length: connections }, loop))
      return done
    },
  }
}
