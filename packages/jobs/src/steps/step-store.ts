import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { execute, FixedStatement } from '../database/execute.ts'
import { textList } from '../database/text-list.ts'
import type { Lease } from '../engine/lease.ts'

/** A step that has finished. */
export interface StepRow {
  readonly name: string
  /** JSON; `undefined` for no value. */
  readonly result: string | undefined
  /** Steps that its run had asked for as well, and that had not finished. */
  readonly beside: readonly string[]
  /** What it is, if neither a step nor a sleep. */
  readonly kind?: 'wait' | 'run' | undefined
  /** Of a wait: whether it is over; of a child: whether it has completed. */
  readonly isSettled?: boolean | undefined
  /** Of a sleep: how long it still was when it was read, in milliseconds. */
  readonly leftMs?: number | undefined
}

/** What is written of a step. */
export interface NewStep extends StepRow {
  readonly tookMs: number
}

/** How long a sleep still is, in milliseconds. */
export const LEFT: RawBuilder<number> = sql<number>`date_part('epoch', wake_at - clock_timestamp()) * 1000`

/** What earlier runs of a job have finished. */
export async function loadSteps(
  db: QueryExecutorProvider,
  { id }: Lease,
  options: IoOptions,
): Promise<StepRow[]> {
  const rows = await execute(
    db,
    { operation: 'step', effect: 'read' },
    sql<{
      name: string
      result: string | null
      beside: string | null
      left: number | null
      kind: 'wait' | 'run' | null
      settled: boolean | null
      ended: string | null
    }>`
      select name, result::text as result, to_json(beside)::text as beside, settled,
        child_ended as ended,
        case when event is not null then 'wait' when child is not null then 'run' end as kind,
        case when event is null then ${LEFT} end as left
      from yuzuru_job_steps
      where job_id = ${id}::uuid`,
    options,
  )
  return rows.map(({ name, result, beside, left, kind, settled, ended }) => ({
    name,
    kind: kind ?? undefined,
    // A child that has failed may have been put back since.
    isSettled: settled === true && (ended ?? 'completed') === 'completed',
    leftMs: left ?? undefined,
    result: result ?? undefined,
    beside: beside === null ? [] : (JSON.parse(beside) as string[]),
  }))
}

const KEEP_CALL = { operation: 'step', effect: 'idempotent', plan: 'kept' } as const

const KEEP = `insert into yuzuru_job_steps (job_id, name, claim, took_ms, result, beside)
  select id, $1::text, claim, $2::float8, $3::json,
    case when $4::json is not null then array(select json_array_elements_text($4::json)) end
  from yuzuru_jobs where id = $5::uuid and claim = $6::bigint for share
  on conflict (job_id, name) do nothing
  returning true as kept`

/**
 * Keeps a step, if the job is still that of this claim. Its row is locked against another claim until this is
 * committed, and not against other steps of the same run. Doing it twice is the same as once.
 *
 * @returns whether it is kept; `false`: the lease was lost
 */
export async function keepStep(
  db: QueryExecutorProvider,
  lease: Lease,
  { name, result, beside, tookMs }: NewStep,
  options: IoOptions,
): Promise<boolean> {
  const names = beside.length === 0 ? null : JSON.stringify(beside)
  const values = [name, tookMs, result ?? null, names, lease.id, lease.claim]
  const kept = await execute(db, KEEP_CALL, new FixedStatement(KEEP, values), options)
  return kept.length > 0 || (await hasStep(db, lease, name, options))
}

/**
 * Begins a sleep, if the job is still that of this claim, as {@link keepStep} keeps a step.
 *
 * @param until milliseconds from now, or a moment
 * @returns how long it still is, in milliseconds; `undefined`: the lease was lost
 */
export async function keepSleep(
  db: QueryExecutorProvider,
  lease: Lease,
  { name, beside, until }: { name: string; beside: readonly string[]; until: number | Date },
  options: IoOptions,
): Promise<number | undefined> {
  const wakeAt =
    until instanceof Date
      ? // As a number: PostgreSQL reads no year of more than four digits. What is before 1970 is over as well.
        sql`to_timestamp(${Math.max(0, until.getTime())}::float8 / 1000)`
      : sql`clock_timestamp() + ${until}::float8 * interval '1 millisecond'`
  const kept = await execute(
    db,
    { operation: 'step', effect: 'idempotent' },
    sql<{ left: number }>`
      insert into yuzuru_job_steps (job_id, name, claim, took_ms, wake_at, beside)
      select id, ${name}::text, claim, 0, ${wakeAt}, ${namesOf(beside)}
      from yuzuru_jobs where id = ${lease.id}::uuid and claim = ${lease.claim}::bigint for share
      on conflict (job_id, name) do nothing
      returning ${LEFT} as left`,
    options,
  )
  if (kept[0] !== undefined) return kept[0].left
  const [found] = await execute(
    db,
    { operation: 'step', effect: 'read' },
    sql<{ left: number }>`
      select ${LEFT} as left from yuzuru_job_steps
      where job_id = ${lease.id}::uuid and name = ${name}::text and claim = ${lease.claim}::bigint`,
    options,
  )
  return found?.left
}

/** Whether this very claim has kept a step: the answer to an earlier try was lost. */
export async function hasStep(
  db: QueryExecutorProvider,
  { id, claim }: Lease,
  name: string,
  options: IoOptions,
): Promise<boolean> {
  const found = await execute(
    db,
    { operation: 'step', effect: 'read' },
    sql`
      select from yuzuru_job_steps
      where job_id = ${id}::uuid and name = ${name}::text and claim = ${claim}::bigint`,
    options,
  )
  return found.length > 0
}

/** Some names, as an array; null for none. */
export function namesOf(beside: readonly string[]): RawBuilder<unknown> {
  if (beside.length === 0) return sql`null`
  return textList(beside)
}
