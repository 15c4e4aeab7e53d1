import type { IoOptions } from '@yuzuru/concurrency'
import { expected } from '@yuzuru/concurrency/boundary'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { arrayLiteral } from '../database/array-literal.ts'
import { execute } from '../database/execute.ts'
import { JobError } from '../job-error.ts'
import type { JobState } from '../job/job-state.ts'
import { lockedInOrder } from '../database/locked-in-order.ts'
import { intoHistory } from '../database/history.ts'
import type { Lease } from './lease.ts'

/** Jobs whose handlers have returned. */
export interface Completion {
  readonly ids: readonly string[]
  /** That of each. */
  readonly claim: number
  /** What each returned, as JSON, in the order of the ids; `undefined` where none returned anything. */
  readonly results?: readonly string[] | undefined
}

/**
 * Completes jobs that all have the same claim number, which is what nearly all have: `= any` finds each by
 * the primary key, where a join with the pairs of id and claim would read the table.
 *
 * A job whose worker was taken for dead, and which no other has taken since, is completed too: its work is done.
 *
 * @returns the ids of those that are now completed; the others were lost, or had ended before
 */
export async function complete(
  db: QueryExecutorProvider,
  completion: Completion,
  options: IoOptions,
): Promise<readonly string[]> {
  return await completed(db, 'settle', completion, options)
}

async function completed(
  db: QueryExecutorProvider,
  operation: string,
  completion: Completion,
  options?: IoOptions,
): Promise<readonly string[]> {
  const { ids, claim } = completion
  // That they all are is the answer of nearly every call, and then none is named.
  const [row] = await execute(
    db,
    { operation, effect: 'idempotent' },
    sql<{ only: string | null }>`
      with mine as materialized (
        ${lockedInOrder(
          sql`job.id`,
          sql`yuzuru_jobs as job
          where job.id = any (${arrayLiteral(ids)}::uuid[]) and job.claim = ${claim}::bigint`,
        )}
      ), gone as (
        -- Not by their places: one that moved meanwhile is not seen at its new one.
        delete from yuzuru_jobs where id = any (array(select mine.id from mine)) returning *
      ), ${kept(completion)}
      select case when count(*) < ${ids.length}::integer
        then coalesce(to_json(array_agg(id))::text, '[]') end as only from kept`,
    options,
  )
  return row?.only === null ? ids : (JSON.parse(row?.only ?? '[]') as string[])
}

/** Results go as one JSON, and not as an array of texts, which is not the same for every driver. */
function kept({ ids, results }: Completion): RawBuilder<unknown> {
  const state = sql`'completed'`
  if (results === undefined) return sql`kept as (${intoHistory('gone', state)} returning id)`
  return sql`ended as (
      select gone.*, given.result from gone join
        rows from (unnest(${arrayLiteral(ids)}::uuid[]),
          json_array_elements(${`[${results.join(',')}]`}::json)) as given (id, result)
        on given.id = gone.id
    ), kept as (${intoHistory('ended', state, undefined, sql`result`)} returning id)`
}

/** How a job ended under this very claim; `undefined` where it did not. */
export async function endedAs(
  db: QueryExecutorProvider,
  leases: readonly Lease[],
  options: IoOptions,
): Promise<Map<string, JobState>> {
  const ids = arrayLiteral(leases.map(({ id }) => id))
  const rows = await execute(
    db,
    { operation: 'settle', effect: 'read' },
    sql<{ id: string; claim: number; state: JobState }>`
      select id::text as id, claim::float8 as claim, state from yuzuru_job_history
      where id = any (${ids}::uuid[])`,
    options,
  )
  const claims = new Map(leases.map(({ id, claim }) => [id, claim]))
  const ended = rows.filter(({ id, claim }) => claims.get(id) === claim)
  return new Map(ended.map(({ id, state }) => [id, state]))
}

/** Completes a job within the handler's own transaction. @param result as JSON */
export async function completeIn(
  tx: QueryExecutorProvider,
  { id, claim }: Lease,
  result: string | undefined,
): Promise<void> {
  if (!('isTransaction' in tx && tx.isTransaction === true)) {
    throw expected('tx to be a Transaction', tx)
  }
  const results = result === undefined ? undefined : [result]
  const done = await completed(tx, 'completeIn', { ids: [id], claim, results })
  if (done.length === 0) throw leaseLost(id)
}

/** The error of a job that is no longer its worker's. */
export function leaseLost(id: string): JobError {
  return new JobError(`The lease of job ${id} was lost: it is another worker's, or has ended`, {
    operation: 'completeIn',
    code: 'lease_lost',
    retryable: false,
    outcome: 'none',
  })
}

/** A job that ends with others. */
interface End {
  readonly lease: Lease
  /** As JSON. */
  readonly result: string | undefined
}

/** How much JSON of results goes into one statement, in UTF-16 units; a larger one goes alone. */
const MOST_LENGTH = 4_194_304

/**
 * Completes jobs within the transaction of their handler. What takes more than one statement (their claims are not of one
 * number, or only some have a result) locks all of them before it, in the order in which everybody does.
 *
 * @returns the ids of those that are now completed; the others were lost
 */
export async function completeTogether(
  tx: QueryExecutorProvider,
  ends: readonly End[],
): Promise<readonly string[]> {
  let length = 0
  const groups = Map.groupBy(ends, ({ lease, result }) => {
    length += result?.length ?? 0
    const chunk = result === undefined ? 'none' : Math.floor(length / MOST_LENGTH)
    return `${lease.claim} ${chunk}`
  })
  if (groups.size > 1) await lock(tx, ends)
  const done: string[] = []
  for (const group of groups.values()) {
    const ids = group.map(({ lease }) => lease.id)
    const results = group.flatMap(({ result }) => result ?? [])
    const claim = group[0]?.lease.claim ?? 0
    const completion = { ids, claim, results: results.length === 0 ? undefined : results }
    done.push(...(await completed(tx, 'completeIn', completion)))
  }
  return done
}

async function lock(tx: QueryExecutorProvider, ends: readonly End[]): Promise<void> {
  const ids = arrayLiteral(ends.map(({ lease }) => lease.id))
  await execute(
    tx,
    { operation: 'completeIn', effect: 'read' },
    lockedInOrder(sql`job.id`, sql`yuzuru_jobs as job where job.id = any (${ids}::uuid[])`),
  )
}
