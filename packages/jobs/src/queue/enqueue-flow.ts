import type { IoOptions } from '@yuzuru/concurrency'
import { expectOptions, IO_OPTIONS, oneCall } from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { type QueryExecutorProvider, sql, type Transaction } from 'kysely'
import { arrayLiteral } from '../database/array-literal.ts'
import { allOrNothing } from '../database/all-or-nothing.ts'
import { CHANNEL, SIGNALS } from '../database/channel.ts'
import { execute, expectDatabase } from '../database/execute.ts'
import { JobError } from '../job-error.ts'
import { acceptedRows, enqueueMany } from './enqueue.ts'
import { planOf } from './enqueue-options.ts'
import { type FlowNode, type FlowPart, flowPlanOf } from './flow-plan.ts'
import type { JobHandle } from './new-row.ts'

/**
 * Enqueues jobs that wait for each other: each part runs when all jobs of the parts that it comes `after` have ended.
 * A part may have many jobs, so one that comes after it is what is to be done when a batch is done. All of it exists
 * if, and only if, the transaction commits; without one, all or nothing. A call that throws leaves nothing behind, also
 * in a transaction that goes on after the error.
 *
 * A job that waits takes no place of a worker, and is due when the last of those before it has ended, however many
 * end at once. When one of them does not complete, it fails at once with the code `dependency_failed`, or runs all
 * the same, by `onFailure`. `context.dependencies()` of its handler says how they ended, and with what result.
 *
 * To go on after a failure, put back what failed first, and then what comes after it (`retryJob`, `retryJobs`): that waits
 * again for those before it that are unfinished.
 *
 * @returns handles by the name of the part, in the order of the payloads
 * @throws {TypeError} before any I/O, when an option is unknown or out of its range, a part comes after one that is
 *   not there, or after itself by whatever way, or more than 100,000 pairs of jobs wait for each other; when a payload
 *   is not accepted
 * @throws {JobError} `'already_exists'` when an unfinished job has the key of one that is to wait
 * @throws {JobError | DbError} when the database fails
 * @example
 * const notify = defineJob<{ to: string }>({ name: 'notify', run: async ({ to }) => console.log(to) })
 * const report = defineJob<{ planId: string }>({
 *   name: 'report',
 *   run: async (_, { dependencies }) => console.log((await dependencies()).length),
 * })
 * await enqueueFlow(db, {
 *   notices: { job: notify, payloads: [{ to: 'hanako' }, { to: 'taro' }] },
 *   report: { job: report, payload: { planId }, after: 'notices', onFailure: 'ignore' },
 * })
 */
export async function enqueueFlow<Payloads extends Record<string, unknown>, DB>(
  db: Queryable<DB>,
  nodes: { readonly [Name in keyof Payloads]: FlowNode<Payloads[Name], keyof Payloads & string> },
  options: IoOptions = {},
): Promise<{ readonly [Name in keyof Payloads]: readonly JobHandle[] }> {
  expectDatabase(db)
  expectOptions(options, IO_OPTIONS, 'enqueueFlow')
  const parts = flowPlanOf(nodes)
  const handles = await oneCall('jobs.enqueueFlow', options, async () => {
    for (const part of parts) await expectAccepted(part)
    return await allOrNothing(db, 'enqueueFlow', (tx) => insertFlow(tx, parts))
  })
  return handles as { readonly [Name in keyof Payloads]: readonly JobHandle[] }
}

/** Throws, before any I/O, what enqueueing the part would. */
async function expectAccepted({ job, payloads, options }: FlowPart): Promise<void> {
  planOf('enqueueMany', job, options)
  await acceptedRows(job, payloads, {})
}

async function insertFlow<DB>(
  tx: Transaction<DB>,
  parts: readonly FlowPart[],
): Promise<Record<string, readonly JobHandle[]>> {
  const made = new Map<string, readonly JobHandle[]>()
  const links: Link[] = []
  for (const { name, job, payloads, after, onFailure, options: where } of parts) {
    const handles = await enqueueMany(tx, job, payloads, where)
    made.set(name, handles)
    if (after.length > 0) handles.forEach(expectCreated)
    for (const each of after) {
      for (const before of made.get(each) ?? []) {
        const link = { after: before.id, name: each, onFailure, place: links.length }
        for (const { id } of handles) links.push({ ...link, id })
      }
    }
  }
  const waiting = parts
    .filter(({ after }) => after.length > 0)
    .flatMap(({ name }) => (made.get(name) ?? []).map(({ id }) => id))
  if (waiting.length > 0) await park(tx, waiting, links)
  return Object.fromEntries(made)
}

interface Link {
  readonly id: string
  readonly after: string
  readonly name: string
  readonly onFailure: string
  /** Its place among those of the same job. */
  readonly place: number
}

function expectCreated({ id, name, created }: JobHandle): void {
  if (created) return
  throw new JobError(`Job ${id} ("${name}") has the key of one that is to wait in a flow`, {
    operation: 'enqueueFlow',
    code: 'already_exists',
    retryable: false,
    outcome: 'none',
  })
}

/**
 * Has jobs wait for others, before anyone sees them. A job that was found by its key may end meanwhile, so each leaves
 * a signal for itself.
 */
async function park(
  tx: QueryExecutorProvider,
  ids: readonly string[],
  links: readonly Link[],
): Promise<void> {
  const call = { operation: 'enqueueFlow', effect: 'write' } as const
  const before = arrayLiteral([...new Set(links.map((link) => link.after))].toSorted())
  await execute(
    tx,
    call,
    sql`
      with seen as materialized (
        select id from yuzuru_jobs where id = any (${before}::uuid[]) order by id for no key update
      )
      update yuzuru_jobs set watched = coalesce(watched, 0) | 2
      where id = any (array(select id from seen))`,
  )
  const input = JSON.stringify(links)
  await execute(
    tx,
    call,
    sql`
      insert into yuzuru_job_links (job_id, after_id, name, on_failure, place)
      select id, after, name, "onFailure", place
      from json_to_recordset(${input}::json) as link (id uuid, after uuid, name text,
        "onFailure" text, place integer)
      on conflict (job_id, after_id) do nothing`,
  )
  await execute(
    tx,
    call,
    sql`
      with parked as (
        -- What is behind in its group stays there, and waits all the same.
        update yuzuru_jobs set stage = case when stage = 3 then 3 else 1 end, waits = true, run_at = now() + interval '100 years'
        where id = any (${arrayLiteral(ids)}::uuid[]) returning id
      ), signals as (
        insert into yuzuru_job_signals (job_id) select id from parked
      )
      select pg_notify(${CHANNEL}::text, ${SIGNALS}::text)`,
  )
}
