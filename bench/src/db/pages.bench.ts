import { sql } from 'kysely'
import { createDatabase, type Database, paginate } from '@yuzuru/db'
import { startPostgres } from '@yuzuru/sandbox'
import type { Benchmark, Case } from '../benchmark.ts'

interface Schema {
  plans: { readonly id: number; readonly due_at: Date | null; readonly title: string }
}

const ROWS = 600_000
/** One row in so many has no date, and stands after all that have one. */
const UNDATED = 10
const DATED = ROWS - ROWS / UNDATED
const SIZE = 50
const PAGES = 100
/** Few enough moments that many rows share each. */
const MOMENTS = 5_000

/** Read so many rows from the start, those without a date last. */
const PLACES = { 'at the start': 1_000, 'in the middle': DATED / 2, 'near the end': ROWS - 10_000 }

const by = [{ column: 'due_at' }, { column: 'id' }] as const

async function fill(db: Database<Schema>): Promise<void> {
  await sql`create table plans (id int primary key, due_at timestamptz, title text not null)`.execute(
    db,
  )
  await sql`insert into plans select n, case when n % ${sql.lit(UNDATED)} = 0 then null
      else timestamptz '2026-01-01Z' + (n::int8 * 7919 % ${sql.lit(MOMENTS)}) * interval '1 minute' end,
    'plan ' || n from generate_series(1, ${sql.lit(ROWS)}) n`.execute(db)
  await sql`create index on plans (due_at, id)`.execute(db)
  await sql`vacuum analyze plans`.execute(db)
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: `a page of ${SIZE} of ${ROWS} rows by (due_at, id), some without a date`,
  operation: 'page',
  clock: 'wall',
  bars: [
    { of: 'in the middle', against: 'at the start', atMost: 1.5 },
    { of: 'near the end', against: 'at the start', atMost: 1.5 },
  ],
  async cases(resources) {
    const postgres = resources.use(await startPostgres())
    const db = resources.use(createDatabase<Schema>({ url: postgres.url, connections: 2 }))
    await fill(db)
    const query = db.selectFrom('plans').selectAll()
    const pagesFrom = async (name: string, offset: number): Promise<Case> => {
      const { next } = await paginate(db.selectFrom('plans').select('id'), { by, size: offset })
      const run = async (): Promise<number> => {
        let seen = 0
        let after = next
        for (let page = 0; page < PAGES; page += 1) {
          const found = await paginate(query, { by, size: SIZE, after })
          seen += found.items.length
          after = found.next
        }
        return seen
      }
      return { name, operations: PAGES, expected: PAGES * SIZE, run }
    }
    const cases: Case[] = []
    for (const [name, offset] of Object.entries(PLACES)) cases.push(await pagesFrom(name, offset))
    return cases
  },
}
