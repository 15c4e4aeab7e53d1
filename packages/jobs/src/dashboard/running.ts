import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { arrayLiteral } from '../database/array-literal.ts'
import { execute } from '../database/execute.ts'
import type { RunningReport, WorkerReport } from '../engine/worker-report.ts'

/** A worker that lives, or has vanished, and its lease. Times are in milliseconds, by the database's clock. */
export interface WorkerLook {
  readonly id: string
  readonly name: string
  readonly startedForMs: number
  /** How long ago it last extended its lease. */
  readonly beatMs: number
  /** How long the lease still is; below 0 when it has run out. */
  readonly leaseMs: number
  /** `undefined` for one of an older version. */
  readonly report: WorkerReport | undefined
}

/** A job whose handler runs. */
export interface RunningJob {
  readonly id: string
  readonly queue: string
  readonly name: string
  readonly attempt: number
  readonly attempts: number
  readonly forMs: number
  readonly isCancelled: boolean
  readonly worker: string
  readonly report: RunningReport | undefined
}

/** How many workers, and running jobs, are shown. */
const MOST_WORKERS = 200
const MOST_RUNNING = 100

/** How many jobs from the front of a kind in a queue are looked at. */
const MOST_IN_LANE = 200

/** The workers, those that have been there longest first. */
export async function loadWorkers(
  db: QueryExecutorProvider,
  options: IoOptions,
): Promise<WorkerLook[]> {
  const rows = await execute(
    db,
    { operation: 'dashboard', effect: 'read' },
    sql<{
      id: string
      name: string
      started: number
      lease: number
      length: number
      report: string | null
    }>`
      select id::text as id, name, date_part('epoch', clock_timestamp() - started_at) * 1000 as started,
        date_part('epoch', lease_until - clock_timestamp()) * 1000 as lease, lease_ms as length,
        report::text as report
      from yuzuru_job_workers order by id limit ${MOST_WORKERS}::integer`,
    options,
  )
  return rows.map(({ id, name, started, lease, length, report }) => ({
    id,
    name,
    startedForMs: started,
    beatMs: Math.max(0, length - lease),
    leaseMs: lease,
    report: report === null ? undefined : (JSON.parse(report) as WorkerReport),
  }))
}

/**
 * The jobs that run, the longest first: those that workers say they run, and those at the front of each kind in each
 * queue, which is where they were taken. No index has them: it would be written with each claim.
 */
export async function loadRunning(
  db: QueryExecutorProvider,
  workers: readonly WorkerLook[],
  lanes: readonly { readonly queue: string; readonly name: string; readonly running: number }[],
  options: IoOptions,
): Promise<RunningJob[]> {
  const reports = new Map(
    workers.flatMap(({ report }) => report?.jobs ?? []).map((job) => [job.id, job]),
  )
  const busy = lanes
    .filter(({ running }) => running > 0)
    .map(({ queue, name }) => ({ queue, name }))
  if (busy.length === 0 && reports.size === 0) return []
  const rows = await execute(
    db,
    { operation: 'dashboard', effect: 'read' },
    sql<Omit<RunningJob, 'report'>>`
      with lane as (
        select * from jsonb_to_recordset(${JSON.stringify(busy)}::jsonb) as lane (queue text, name text)
      ), found as (
        select job.* from lane cross join lateral (
          select id, worker from yuzuru_jobs as job
          where stage = 0 and job.queue = lane.queue and job.name = lane.name
          order by queue, name, priority, run_at, seq limit ${MOST_IN_LANE}::integer
        ) as job
        union all
        select id, worker from yuzuru_jobs where id = any (${arrayLiteral([...reports.keys()])}::uuid[])
      )
      select job.id::text as id, job.queue, job.name, job.attempt, job.max_attempts as attempts,
        coalesce(date_part('epoch', clock_timestamp() - job.started_at) * 1000, 0) as "forMs",
        job.cancel_requested as "isCancelled", job.worker::text as worker
      from yuzuru_jobs as job
      where id = any (array(select id from found where worker is not null)) and worker is not null
      order by job.started_at limit ${MOST_RUNNING}::integer`,
    options,
  )
  return rows.map(({ id, queue, name, attempt, attempts, forMs, isCancelled, worker }) => {
    const report = reports.get(id)
    return { id, queue, name, attempt, attempts, forMs, isCancelled, worker, report }
  })
}
