import type { IoOptions } from '@yuzuru/concurrency'
import { type QueryExecutorProvider, sql } from 'kysely'
import { arrayLiteral } from '../database/array-literal.ts'
import { execute } from '../database/execute.ts'

/** The tables that change with each job. */
const TABLES = [
  'yuzuru_jobs',
  'yuzuru_job_steps',
  'yuzuru_job_links',
  'yuzuru_job_tags',
  'yuzuru_job_progress',
  'yuzuru_job_places',
  'yuzuru_job_starts',
  'yuzuru_job_signals',
] as const

/** A table with more dead rows than it should have. */
export interface Bloated {
  readonly table: (typeof TABLES)[number]
  readonly dead: number
  /** How often it was vacuumed by somebody who asked for it. */
  readonly vacuums: number
}

/** From when on a table has too many dead rows: both must be true. */
export interface BloatRules {
  readonly leastDead: number
  /** For each row that is not dead. */
  readonly share: number
  /** How long ago the last vacuum that somebody asked for must have ended, in milliseconds. @default 0 */
  readonly restMs?: number
}

/**
 * The table with the most dead rows, of those that have too many and that we may vacuum: whoever owns a table may, and on
 * PostgreSQL 17 who has `MAINTAIN`. Reads what the server has counted, which is up to a second old, and no table.
 */
export async function mostBloated(
  db: QueryExecutorProvider,
  { leastDead, share, restMs = 0 }: BloatRules,
  options: IoOptions,
): Promise<Bloated | undefined> {
  const [row] = await execute(
    db,
    { operation: 'vacuum', effect: 'read' },
    sql<Bloated>`
      select name as table, dead::float8 as dead, vacuums::float8 as vacuums from (
        select name, relation.relowner, relation.oid, pg_stat_get_vacuum_count(relation.oid) as vacuums,
          pg_stat_get_dead_tuples(relation.oid) as dead, pg_stat_get_live_tuples(relation.oid) as live
        from unnest(${arrayLiteral(TABLES)}::text[]) as name
        join pg_class as relation on relation.oid = to_regclass(name)
      ) as counted
      where dead >= greatest(${leastDead}::float8, live * ${share}::float8)
        and coalesce(pg_stat_get_last_vacuum_time(oid) <= now() - make_interval(secs => ${restMs / 1_000}::float8), true)
        and case when pg_has_role(relowner, 'USAGE') then true
          when current_setting('server_version_num')::integer >= 170000
          then has_table_privilege(oid, 'MAINTAIN') else false end
      order by dead desc limit 1`,
    options,
  )
  return row
}

/**
 * Gives the room of a table's dead rows back to it, while others work on. It waits for nobody: where somebody alters or
 * vacuums the table it does nothing. It runs in one process, and never takes the lock that shortens the file.
 */
export async function vacuum(
  db: QueryExecutorProvider,
  table: Bloated['table'],
  options: IoOptions,
): Promise<void> {
  await execute(
    db,
    { operation: 'vacuum', effect: 'idempotent' },
    sql<never>`vacuum (skip_locked, truncate false, parallel 0) ${sql.raw(table)}`,
    options,
  )
}

/** Whether somebody waits for a lock of the table, as a vacuum of it may have them do. */
export async function isWaitedFor(
  db: QueryExecutorProvider,
  table: Bloated['table'],
  options: IoOptions,
): Promise<boolean> {
  const [row] = await execute(
    db,
    { operation: 'vacuum', effect: 'read' },
    sql<{ waited: boolean }>`
      select exists (
        select from pg_locks where locktype = 'relation' and not granted and relation = to_regclass(${table}::text)
          and database = (select oid from pg_database where datname = current_database())
      ) as waited`,
    options,
  )
  return row?.waited === true
}
