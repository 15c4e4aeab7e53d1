import type { IoOptions } from '@yuzuru/concurrency'
import type { QueryExecutorProvider } from 'kysely'
import { arrayLiteral } from '../database/array-literal.ts'
import { CHANNEL } from '../database/channel.ts'
import { execute, FixedStatement } from '../database/execute.ts'
import { announce } from './announce.ts'
import type { InsertPlan, NewRow } from './new-row.ts'

/** Whether these are what most jobs are: due at once, and nothing but a payload. Such are always made. */
export function isPlain({ runAt }: InsertPlan, rows: readonly NewRow[]): boolean {
  return runAt === undefined && rows.every(hasOnlyPayload)
}

function hasOnlyPayload({ key, group, tenant, tags }: NewRow): boolean {
  return key === undefined && group === undefined && tenant === undefined && tags.length === 0
}

/** Writes rows of which {@link isPlain} holds, all of them. The text is the same for all jobs, and can be prepared. */
export async function insertPlain(
  db: QueryExecutorProvider,
  plan: InsertPlan,
  rows: readonly NewRow[],
  options: IoOptions,
): Promise<void> {
  const { inStatement, made } = announce(db)
  const [row] = rows
  const statement =
    rows.length === 1 && row !== undefined
      ? ofOne(plan, row, inStatement)
      : ofMany(plan, rows, inStatement)
  const call = { operation: 'enqueue', effect: 'write', plan: 'kept' } as const
  await execute(db, call, statement, options)
  made()
}

const COLUMNS = '(name, queue, version, priority, max_attempts, origin, run_at, id, payload)'

/** What is the same for all rows. They are due from when they are enqueued: a claim need not read both. */
const SHARED =
  '$1::text, $2::text, $3::smallint, $4::integer, $5::integer, $6::json, statement_timestamp()'

const ONE = `insert into yuzuru_jobs ${COLUMNS} values (${SHARED}, $7::uuid, $8::json)`

const MANY = `insert into yuzuru_jobs ${COLUMNS} select ${SHARED}, input.id, input.payload
  from rows from (unnest($7::uuid[]), json_array_elements($8::json)) as input (id, payload)`

/** PostgreSQL sends one for all that a transaction notifies of. */
const notifying = (statement: string): string =>
  `with made as (${statement}) select pg_notify('${CHANNEL}', '')`

const ONE_NOTIFYING = notifying(ONE)
const MANY_NOTIFYING = notifying(MANY)

function ofOne(plan: InsertPlan, { id, payload }: NewRow, notifies: boolean): FixedStatement {
  return new FixedStatement(notifies ? ONE_NOTIFYING : ONE, [...shared(plan), id, payload])
}

function ofMany(plan: InsertPlan, rows: readonly NewRow[], notifies: boolean): FixedStatement {
  const ids = arrayLiteral(rows.map(({ id }) => id))
  const payloads = `[${rows.map(({ payload }) => payload).join(',')}]`
  return new FixedStatement(notifies ? MANY_NOTIFYING : MANY, [...shared(plan), ids, payloads])
}

function shared({ job, queue, priority, attempts, origin }: InsertPlan): unknown[] {
  return [job.name, queue, job.version, priority, attempts, origin ?? null]
}
