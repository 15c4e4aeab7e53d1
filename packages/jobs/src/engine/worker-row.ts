import type { IoOptions } from '@yuzuru/concurrency'
import { type Kysely, type QueryExecutorProvider, sql } from 'kysely'
import { arrayLiteral } from '../database/array-literal.ts'
import { committed } from '../database/committed.ts'
import { execute } from '../database/execute.ts'
import { giveBack, type RecoveredJob } from './give-back.ts'

/** A worker's row, and what its heartbeat learns. */
export interface Renewed {
  readonly id: string
  /** The ids of jobs that it runs and that are to be cancelled. */
  readonly cancels: readonly string[]
}

/** How a worker is known to the others. */
export interface WorkerRow {
  readonly name: string
  readonly leaseMs: number
  /** What it says of itself, as JSON, for those who look. */
  readonly report: () => string
}

const until = (leaseMs: number): ReturnType<typeof sql> =>
  sql`now() + ${leaseMs}::float8 * interval '1 millisecond'`

/** Begins the life of a worker, with a lease for all that it will take. @returns the number of its row */
export async function register(
  db: QueryExecutorProvider,
  { name, leaseMs, report }: WorkerRow,
  options: IoOptions,
): Promise<string> {
  const [row] = await execute(
    db,
    { operation: 'register', effect: 'write' },
    sql<{ id: string }>`
      insert into yuzuru_job_workers (name, lease_until, lease_ms, report)
      values (${name}, ${until(leaseMs)}, ${Math.ceil(leaseMs)}::integer, ${report()}::jsonb)
      returning id::text as id`,
    options,
  )
  return (row as { id: string }).id
}

/**
 * Extends the leases of workers, each with all that it holds.
 *
 * @returns those that still live; another worker has taken the jobs of the rest
 */
export async function renew(
  db: QueryExecutorProvider,
  workers: readonly string[],
  { leaseMs, report }: Omit<WorkerRow, 'name'>,
  options: IoOptions,
): Promise<Renewed[]> {
  return await execute(
    db,
    { operation: 'heartbeat', effect: 'idempotent' },
    sql<Renewed>`
      update yuzuru_job_workers set lease_until = ${until(leaseMs)}, report = ${report()}::jsonb
      where id in (select id from yuzuru_job_workers
        where id = any (${arrayLiteral(workers)}::bigint[]) order by id for no key update)
      returning id::text as id, coalesce((select jsonb_agg(job.id) from yuzuru_jobs as job
        where job.cancel_requested and job.worker = yuzuru_job_workers.id), '[]') as cancels`,
    options,
  )
}

/** Ends the life of a worker that holds nothing any more. */
export async function unregister(
  db: QueryExecutorProvider,
  worker: string,
  options: IoOptions,
): Promise<void> {
  await execute(
    db,
    { operation: 'unregister', effect: 'idempotent' },
    sql`delete from yuzuru_job_workers where id = ${worker}::bigint`,
    options,
  )
}

/** When the jobs of a worker are taken back. */
export interface RecoverRules {
  /** For how long this worker has seen the database answer, in milliseconds. */
  readonly quietMs: number
  /** Workers that are left for the next time. */
  readonly except: readonly string[]
}

/** What {@link recover} took back of one worker. */
export interface Recovered {
  /** Null when there was none to take from. */
  readonly worker: string | null
  readonly jobs: readonly RecoveredJob[]
  /**
   * Whether others have some of its jobs locked, so that those are left for the next time. Without a worker: whether
   * others have the row of one locked, as each claim of it has, and who takes back its jobs.
   */
  readonly passedOver: boolean
}

/**
 * Takes back the jobs of one worker whose lease has expired, by the database's clock. Any worker does this
 * for all queues.
 *
 * A database that was away longer than a lease has let all leases expire. So a worker's jobs are taken back
 * only once the database, as seen from here and by its own clock, has been there for as long as that lease:
 * a worker that lives has extended it by then.
 */
export async function recover(
  db: Kysely<unknown>,
  { quietMs, except }: RecoverRules,
  options: IoOptions,
): Promise<Recovered> {
  const dead = sql`from yuzuru_job_workers
    where lease_until < now() and lease_ms <= ${Math.min(quietMs, 1e12)}::float8
      and pg_postmaster_start_time() <= now() - lease_ms * interval '1 millisecond'
      and id <> all (${arrayLiteral(except)}::bigint[])`
  return await committed(db, async (tx) => {
    const [found] = await execute(
      tx,
      { operation: 'recover', effect: 'idempotent' },
      sql<{ worker: string | null; passed: boolean }>`
        with free as materialized (
          select id ${dead} order by lease_until limit 1 for update skip locked
        )
        select (select id::text from free) as worker, exists (select ${dead}) as passed`,
      options,
    )
    const { worker = null, passed = false } = found ?? {}
    if (worker === null) return { worker, jobs: [], passedOver: passed }
    const { jobs, passedOver } = await giveBack(tx, worker, { begun: 'all' }, options)
    return { worker, jobs, passedOver }
  })
}

/**
 * Ends the life of a worker that may hold jobs of which it does not know: the answer to a claim was lost.
 * Those were not begun, and come back as if they had not been taken.
 *
 * @param begun the jobs that it did begin and could not settle: they come back with their attempt used
 */
export async function resign(
  db: Kysely<unknown>,
  worker: string,
  begun: readonly string[],
  options: IoOptions,
): Promise<readonly RecoveredJob[]> {
  return await committed(db, async (tx) => {
    // Waits for a claim that may still be under way on a connection that was lost.
    await execute(
      tx,
      { operation: 'unregister', effect: 'idempotent' },
      sql`select from yuzuru_job_workers where id = ${worker}::bigint for update`,
      options,
    )
    return (await giveBack(tx, worker, { begun }, options)).jobs
  })
}
