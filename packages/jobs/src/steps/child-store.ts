import type { IoOptions } from '@yuzuru/concurrency'
import { databaseOf, transaction } from '@yuzuru/db'
import { type Kysely, type QueryExecutorProvider, sql } from 'kysely'
import { committed } from '../database/committed.ts'
import { execute } from '../database/execute.ts'
import type { Lease } from '../engine/lease.ts'
import type { JobState } from '../job/job-state.ts'
import type { EndedJob } from '../queue/ended-jobs.ts'
import type { JobHandle } from '../queue/new-row.ts'
import { wouldWaitForItself } from './circles.ts'
import { namesOf } from './step-store.ts'

/** A child that is to be made. */
export interface NewChild {
  readonly name: string
  readonly beside: readonly string[]
  /** Enqueues it. */
  readonly enqueue: (tx: QueryExecutorProvider) => Promise<JobHandle>
}

/** How a child stands. */
export interface Child {
  readonly id: string
  /** Whether it has not ended. */
  readonly isOpen: boolean
  /** `undefined` while it has not, or where it was pruned. */
  readonly ended: EndedJob | undefined
}

const CALL = { operation: 'step', effect: 'idempotent' } as const

/**
 * Makes a child and keeps the step, in one transaction, if the job is still that of this claim. The job's row is
 * locked first, so that of two tries (the answer to the first was lost) the second finds what the first has made.
 *
 * @returns whether there is a child; `false`: the lease was lost
 */
export async function keepChild(
  db: QueryExecutorProvider,
  lease: Lease,
  child: NewChild,
): Promise<boolean> {
  let isKept = false
  const body = async (tx: QueryExecutorProvider): Promise<void> => {
    isKept = await keepIn(tx, lease, child)
  }
  const any = db as Kysely<unknown>
  if (databaseOf(db) === undefined) await committed(any, body)
  else await transaction(any, body, { isolation: 'read committed' })
  return isKept
}

async function keepIn(
  tx: QueryExecutorProvider,
  { id, claim }: Lease,
  { name, beside, enqueue }: NewChild,
): Promise<boolean> {
  const mine = await execute(
    tx,
    CALL,
    sql`
      update yuzuru_jobs set watched = coalesce(watched, 0) | 4
      where id = ${id}::uuid and claim = ${claim}::bigint returning id`,
  )
  if (mine.length === 0) return false
  const found = await execute(
    tx,
    CALL,
    sql`select from yuzuru_job_steps where job_id = ${id}::uuid and name = ${name}::text`,
  )
  if (found.length > 0) return true
  const handle = await enqueue(tx)
  if (handle.id === id) {
    throw new TypeError(`Expected a child other than its parent, got job ${id}, which has its key`)
  }
  const [child] = await execute(
    tx,
    CALL,
    sql<{ behind: boolean }>`
      update yuzuru_jobs set watched = coalesce(watched, 0) | 2 where id = ${handle.id}::uuid
      returning stage = 3 as behind`,
  )
  const mayWait = !handle.created || child?.behind === true
  if (mayWait && (await wouldWaitForItself(tx, { parent: id, child: handle.id }))) {
    throw new TypeError(
      `Expected a child that does not wait for its parent, got job ${handle.id}, for which job ${id} would wait for ever`,
    )
  }
  await execute(
    tx,
    CALL,
    sql`
      insert into yuzuru_job_steps (job_id, name, claim, took_ms, child, owns_child, beside)
      values (${id}::uuid, ${name}, ${claim}::bigint, 0, ${handle.id}::uuid, ${handle.created},
        ${namesOf(beside)})`,
  )
  return true
}

/**
 * Looks at a child, and keeps how it ended. One that has failed and was put back since is waited for again.
 *
 * @returns `undefined`: the lease was lost
 */
export async function lookAtChild(
  db: QueryExecutorProvider,
  { id, claim }: Lease,
  name: string,
  options: IoOptions,
): Promise<Child | undefined> {
  const [row] = await execute(
    db,
    CALL,
    sql<{
      id: string
      open: boolean
      name: string | null
      state: JobState | null
      result: string | null
      error: string | null
    }>`
      with mine as materialized (
        select id from yuzuru_jobs where id = ${id}::uuid and claim = ${claim}::bigint for share
      ), child as materialized (
        select step.child as id, exists (select from yuzuru_jobs as job where job.id = step.child) as open
        from yuzuru_job_steps as step join mine on step.job_id = mine.id where step.name = ${name}::text
      ), ended as materialized (
        select history.* from child join yuzuru_job_history as history on history.id = child.id
      ), kept as (
        update yuzuru_job_steps as step set settled = true, child_ended = ended.state,
          result = ended.result
        from ended where step.job_id = ${id}::uuid and step.name = ${name}::text
      ), opened as (
        update yuzuru_job_steps as step set settled = null, child_ended = null
        from child where child.open and step.job_id = ${id}::uuid and step.name = ${name}::text
          and step.settled
      )
      select child.id::text as id, child.open, ended.name, ended.state, ended.result::text as result,
        ended.last_error::text as error
      from child left join ended on true`,
    options,
  )
  if (row === undefined) return undefined
  const { name: kind, state, result, error } = row
  if (kind === null || state === null) return { id: row.id, isOpen: row.open, ended: undefined }
  const ended = {
    id: row.id,
    name: kind,
    state,
    result: result ?? undefined,
    error: error ?? undefined,
  }
  return { id: row.id, isOpen: false, ended }
}
