import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { execute } from '../database/execute.ts'
import type { Lease } from '../engine/lease.ts'

/** A step that has finished. */
export interface StepRow {
  readonly name: string
  /** JSON; `undefined` for no value. */
  readonly result: string | undefined
  /** Steps that its run had asked for as well, and that had not finished. */
  readonly beside: readonly string[]
}

/** What is written of a step. */
export interface NewStep extends StepRow {
  readonly tookMs: number
}

/** What earlier runs of a job have finished. */
export async function loadSteps(
  db: QueryExecutorProvider,
  { id }: Lease,
  options: IoOptions,
): Promise<StepRow[]> {
  const rows = await execute(
    db,
    { operation: 'step', effect: 'read' },
    sql<{ name: string; result: string | null; beside: string | null }>`
      select name, result::text as result, to_json(beside)::text as beside from yuzuru_job_steps
      where job_id = ${id}::uuid`,
    options,
  )
  return rows.map(({ name, result, beside }) => ({
    name,
    result: result ?? undefined,
    beside: beside === null ? [] : (JSON.parse(beside) as string[]),
  }))
}

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
  const kept = await execute(
    db,
    { operation: 'step', effect: 'idempotent' },
    sql<{ kept: boolean }>`
      insert into yuzuru_job_steps (job_id, name, claim, took_ms, result, beside)
      select id, ${name}, claim, ${tookMs}::float8, ${result ?? null}::json,
        ${names === null ? sql`null` : sql`array(select json_array_elements_text(${names}::json))`}
      from yuzuru_jobs where id = ${lease.id}::uuid and claim = ${lease.claim}::bigint for share
      on conflict (job_id, name) do nothing
      returning true as kept`,
    options,
  )
  return kept.length > 0 || (await hasStep(db, lease, name, options))
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
      where job_id = ${id}::uuid and name = ${name} and claim = ${claim}::bigint`,
    options,
  )
  return found.length > 0
}
