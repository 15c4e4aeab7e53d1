import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { execute } from '../database/execute.ts'
import { textList } from '../database/text-list.ts'
import type { Cron, MissedTimes } from './define-cron.ts'

/** A cron as it is written down. Times are in milliseconds since 1970, by the database's clock. */
export interface CronRow {
  readonly name: string
  readonly schedule: string
  readonly timeZone: string
  readonly missed: MissedTimes
  readonly lateMs: number
  readonly doneUntil: number
  readonly now: number
}

const CALL = { operation: 'cron', effect: 'idempotent' } as const

export const millisecondsOf = (column: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`floor(date_part('epoch', ${column}) * 1000)`

const COLUMNS = sql`name, schedule, time_zone as "timeZone", missed, late_ms as "lateMs",
  ${millisecondsOf(sql`done_until`)} as "doneUntil",
  ${millisecondsOf(sql`clock_timestamp()`)} as now`

/** A moment that was computed here, for the database. */
const moment = (at: Date | undefined): RawBuilder<unknown> =>
  sql`${at?.toISOString() ?? null}::timestamptz`

/**
 * Writes a cron down as this worker has it, and locks its row. Of a new one, and of one whose schedule or zone is
 * another now, only what comes from now on counts. A pause stays.
 */
export async function writeDown(
  tx: QueryExecutorProvider,
  { name, job, schedule, timeZone, missed, lateMs }: Cron,
  options: IoOptions,
): Promise<CronRow> {
  const rows = await execute(
    tx,
    CALL,
    sql<CronRow>`
      insert into yuzuru_job_crons as cron (name, job, schedule, time_zone, missed, late_ms, done_until)
      values (${name}, ${job.name}, ${schedule}, ${timeZone}, ${missed}, ${lateMs}::float8, clock_timestamp())
      on conflict (name) do update set job = excluded.job, schedule = excluded.schedule,
        time_zone = excluded.time_zone, missed = excluded.missed, late_ms = excluded.late_ms, seen_at = now(),
        done_until = case
          when (cron.schedule, cron.time_zone) = (excluded.schedule, excluded.time_zone) then cron.done_until
          else greatest(cron.done_until, clock_timestamp()) end
      returning ${COLUMNS}`,
    options,
  )
  return rows[0] as CronRow
}

/** Notes the first time after the moment up to which all is done. */
export async function noteNext(
  tx: QueryExecutorProvider,
  name: string,
  next: Date | undefined,
  options: IoOptions,
): Promise<void> {
  await execute(
    tx,
    CALL,
    sql`update yuzuru_job_crons set next_at = ${moment(next)} where name = ${name}`,
    options,
  )
}

/**
 * In how many milliseconds the next of some crons is due, by the database's clock; `Infinity` for never. Once a
 * minute it also notes that they have a worker.
 */
export async function nextDueMs(
  db: QueryExecutorProvider,
  names: readonly string[],
  options: IoOptions,
): Promise<number> {
  const [row] = await execute(
    db,
    CALL,
    sql<{ due: number | null }>`
      with seen as (
        update yuzuru_job_crons set seen_at = now() where ctid = any (array(
          select ctid from yuzuru_job_crons
          where ${among(names)} and seen_at < now() - interval '1 minute' for update skip locked))
      )
      select min(date_part('epoch', next_at - clock_timestamp()) * 1000) as due
      from yuzuru_job_crons where ${among(names)} and paused_at is null`,
    options,
  )
  return row?.due ?? Infinity
}

/** Locks one of some crons that is due, unless another worker has it; one of `after` only where there is no other. */
export async function lockDue(
  tx: QueryExecutorProvider,
  names: readonly string[],
  after: readonly string[],
  options: IoOptions,
): Promise<CronRow | undefined> {
  const [row] = await execute(
    tx,
    CALL,
    sql<CronRow>`
      select ${COLUMNS} from yuzuru_job_crons
      where ${among(names)} and paused_at is null and next_at <= clock_timestamp()
      order by ${among(after)}, next_at limit 1 for update skip locked`,
    options,
  )
  return row
}

/** What was done about a cron that was due. */
export interface Done {
  readonly until: Date
  readonly next: Date | undefined
  /** The last job that was made. */
  readonly last: { readonly at: Date; readonly jobId: string } | undefined
}

/** Moves a cron on. A clock of the database that was set back takes nothing back. */
export async function noteDone(
  tx: QueryExecutorProvider,
  name: string,
  { until, next, last }: Done,
  options: IoOptions,
): Promise<void> {
  await execute(
    tx,
    CALL,
    sql`update yuzuru_job_crons set done_until = greatest(done_until, ${moment(until)}),
        next_at = ${moment(next)}, last_at = coalesce(${moment(last?.at)}, last_at),
        last_job = coalesce(${last?.jobId ?? null}::uuid, last_job)
      where name = ${name}`,
    options,
  )
}

function among(names: readonly string[]): RawBuilder<unknown> {
  return sql`name = any (${textList(names)})`
}
