import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import { arrayLiteral } from '../database/array-literal.ts'
import { CHANNEL } from '../database/channel.ts'
import { execute } from '../database/execute.ts'
import { announce } from './announce.ts'
import type { InsertPlan, NewRow } from './new-row.ts'

/** Whether these are what most jobs are: due at once, and nothing but a payload. Such are always made. */
export function isPlain({ runAt }: InsertPlan, rows: readonly NewRow[]): boolean {
  return runAt === undefined && rows.every(hasOnlyPayload)
}

function hasOnlyPayload({ key, group, tenant, tags }: NewRow): boolean {
  return key === undefined && group === undefined && tenant === undefined && tags.length === 0
}

/** Writes rows of which {@link isPlain} holds. The text is the same for all jobs, and can be prepared. */
export async function insertPlain(
  db: QueryExecutorProvider,
  plan: InsertPlan,
  rows: readonly NewRow[],
  options: IoOptions,
): Promise<Set<string>> {
  const { inStatement, made } = announce(db)
  const [row] = rows
  const statement = rows.length === 1 && row !== undefined ? ofOne(plan, row) : ofMany(plan, rows)
  const call = { operation: 'enqueue', effect: 'write' } as const
  await execute(db, call, inStatement ? notifying(statement) : statement, options)
  made()
  return new Set(rows.map(({ id }) => id))
}

const COLUMNS = sql`(name, queue, version, priority, max_attempts, origin, run_at, id, payload)`

function shared({ job, queue, priority, origin }: InsertPlan): RawBuilder<unknown> {
  return sql`${job.name}::text, ${queue}::text, ${job.version}::smallint, ${priority}::integer,
    ${job.attempts}::integer, ${origin ?? null}::json, now()`
}

function ofOne(plan: InsertPlan, { id, payload }: NewRow): RawBuilder<unknown> {
  return sql`insert into yuzuru_jobs ${COLUMNS} values (${shared(plan)}, ${id}::uuid, ${payload}::json)`
}

function ofMany(plan: InsertPlan, rows: readonly NewRow[]): RawBuilder<unknown> {
  const ids = arrayLiteral(rows.map(({ id }) => id))
  const payloads = `[${rows.map(({ payload }) => payload).join(',')}]`
  return sql`insert into yuzuru_jobs ${COLUMNS}
    select ${shared(plan)}, input.id, input.payload
    from rows from (unnest(${ids}::uuid[]), json_array_elements(${payloads}::json)) as input (id, payload)`
}

/** PostgreSQL sends one for all that a transaction notifies of. */
function notifying(statement: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`with made as (${statement}) select pg_notify(${CHANNEL}::text, '')`
}
