import { type Kysely, sql } from 'kysely'
import type { TestSchema } from './open-kysely.ts'

/** How many pages of the queue and its indexes `fn` reads, on a database of one connection. */
export async function pagesOf(db: Kysely<TestSchema>, fn: () => Promise<unknown>): Promise<number> {
  const read = async (): Promise<number> => {
    await sql`select pg_stat_force_next_flush()`.execute(db)
    await sql`select pg_stat_clear_snapshot()`.execute(db)
    const { rows } = await sql<{ pages: number }>`
      select (heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read)::float8 as pages
      from pg_statio_user_tables where relid = 'yuzuru_jobs'::regclass`.execute(db)
    return rows[0]?.pages ?? 0
  }
  const before = await read()
  await fn()
  return (await read()) - before
}
