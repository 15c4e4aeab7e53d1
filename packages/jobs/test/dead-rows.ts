import { type Kysely, type QueryExecutorProvider, sql } from 'kysely'

/** What {@link addAndDelete} makes. */
export interface Rows {
  readonly alive: number
  readonly dead: number
  /** Whether each has a tag. @default false */
  readonly tags?: boolean
}

/**
 * Adds jobs, and deletes those that are to be dead, on a database of one connection; nothing vacuums them from now on but
 * who is asked to. The server has counted them when it returns.
 */
export async function addAndDelete<DB>(
  db: Kysely<DB>,
  { alive, dead, tags = false }: Rows,
): Promise<void> {
  for (const table of ['yuzuru_jobs', 'yuzuru_job_tags']) {
    await sql`alter table ${sql.table(table)} set (autovacuum_enabled = false)`.execute(db)
  }
  await add(db, 'alive', alive)
  await add(db, 'dead', dead)
  if (tags) {
    await sql`insert into yuzuru_job_tags (job_id, tag) select id, 'dead' from yuzuru_jobs`.execute(
      db,
    )
    await sql`delete from yuzuru_job_tags`.execute(db)
  }
  await sql`delete from yuzuru_jobs where name = 'dead'`.execute(db)
  await sql`select pg_stat_force_next_flush()`.execute(db)
  // The counters are sent after the statement that is under way.
  await sql`select 1`.execute(db)
}

async function add(db: QueryExecutorProvider, name: string, jobs: number): Promise<void> {
  await sql`
    insert into yuzuru_jobs (id, name, queue, payload, priority, max_attempts, run_at)
    select gen_random_uuid(), ${name}, 'default', '{}', 0, 5, now()
    from generate_series(1, ${jobs}::integer)`.execute(db)
}
