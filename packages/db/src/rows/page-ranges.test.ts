import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { CompiledQuery, sql, type StringReference } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import type { PageKey } from './page-key.ts'
import { paginate } from './paginate.ts'

interface Schema {
  plans: { id: number; office_id: number; rank: number | null; due_at: Date | null }
  offices: { id: number; name: string }
}

let postgres: PostgresServer
let db: Database<Schema>
/** What was sent, the last one last. */
const sent: CompiledQuery[] = []

beforeAll(async () => {
  postgres = await startPostgres()
  const log = (event: { readonly query: CompiledQuery }): void => void sent.push(event.query)
  db = createDatabase<Schema>({ url: postgres.url, log })
  await sql`create table offices (id int primary key, name text not null)`.execute(db)
  await sql`create table plans (id int primary key, office_id int not null, rank int,
    due_at timestamptz)`.execute(db)
  await sql`insert into offices select n, 'office ' || n from generate_series(0, 9) n`.execute(db)
  await sql`insert into plans select n, n % 10, case when n % 5 = 0 then null else n % 3 end,
    case when n % 7 = 0 then null else timestamptz '2026-01-01Z' + (n % 500) * interval '1 minute' end
    from generate_series(1, 20000) n`.execute(db)
  await sql`create index on plans (due_at, id)`.execute(db)
  await sql`create index on plans (rank, due_at, id)`.execute(db)
  await sql`create index on plans (due_at desc, id)`.execute(db)
  await sql`create index on plans (due_at desc nulls last, rank, id desc)`.execute(db)
  await sql`analyze plans`.execute(db)
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

type Key = PageKey<StringReference<Schema, 'plans'>>

const orders: readonly { readonly by: readonly Key[]; readonly middle: number }[] = [
  { by: [{ column: 'id' }], middle: 10_000 },
  { by: [{ column: 'due_at' }, { column: 'id' }], middle: 9_000 },
  { by: [{ column: 'due_at' }, { column: 'id' }], middle: 19_900 },
  {
    by: [
      { column: 'due_at', direction: 'desc' },
      { column: 'id', direction: 'desc' },
    ],
    middle: 10_000,
  },
  { by: [{ column: 'due_at', direction: 'desc' }, { column: 'id' }], middle: 10_000 },
  { by: [{ column: 'rank' }, { column: 'due_at' }, { column: 'id' }], middle: 5_300 },
  {
    by: [
      { column: 'due_at', direction: 'desc', nulls: 'last' },
      { column: 'rank' },
      { column: 'id', direction: 'desc' },
    ],
    middle: 10_000,
  },
]

function textOf(by: readonly Key[]): string {
  return by
    .map(({ column, direction = 'asc', nulls }) =>
      `${column} ${direction} ${nulls === undefined ? '' : `nulls ${nulls}`}`.trim(),
    )
    .join(', ')
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Actual Rows'?: number
  readonly 'Actual Loops'?: number
  readonly 'Rows Removed by Filter'?: number
  readonly Filter?: string
  readonly Plans?: readonly PlanNode[]
}

async function planOf(query: CompiledQuery): Promise<PlanNode> {
  const text = `explain (analyze, timing off, format json) ${query.sql}`
  const { rows } = await db.executeQuery<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    CompiledQuery.raw(text, [...query.parameters]),
  )
  return (rows[0] as { 'QUERY PLAN': [{ Plan: PlanNode }] })['QUERY PLAN'][0].Plan
}

function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]
}

/** How many rows it took from tables and indexes, those that it threw away included. */
function rowsRead(plan: PlanNode): number {
  const scans = nodesOf(plan).filter((node) => /^(Index|Seq|Bitmap)/.test(node['Node Type']))
  return scans.reduce((sum, node) => {
    const each = (node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)
    return sum + each * (node['Actual Loops'] ?? 1)
  }, 0)
}

describe('a page', () => {
  test.each(orders.map(({ by, middle }) => ({ by, middle, text: textOf(by) })))(
    'of $text reads a range of an index, $middle rows from the start',
    async ({ by, middle }) => {
      const size = 20
      const query = db.selectFrom('plans').select('id')
      // A page as large as all that comes before gives the cursor in the middle.
      const { next } = await paginate(query, { by, size: middle })
      await paginate(query, { by, size, after: next })

      const plan = await planOf(sent.at(-1) as CompiledQuery)
      const scans = nodesOf(plan).filter((node) => /Scan/.test(node['Node Type']))
      expect(scans.filter((node) => node['Node Type'] === 'Seq Scan')).toEqual([])
      expect(scans.filter((node) => /Index.*Scan/.test(node['Node Type']))).not.toEqual([])
      for (const node of scans.filter((node) => /Index.*Scan/.test(node['Node Type']))) {
        expect(node).toHaveProperty('Index Cond')
      }
      expect(rowsRead(plan)).toBeLessThan(middle / 5)
    },
  )

  test('of a query that joins, locks, and has a table of its own is exact', async () => {
    const by = [
      { column: 'plans.rank' },
      { column: 'plans.due_at' },
      { column: 'plans.id' },
    ] as const
    const query = db
      .with('near', (on) => on.selectFrom('offices').selectAll().where('id', '<', 3))
      .selectFrom('plans')
      .innerJoin('near', 'near.id', 'plans.office_id')
      .select(['plans.id', 'near.name'])
      .where('plans.id', '<', 200)
      .forUpdate('plans')
    const found: unknown[] = []
    let after: string | undefined
    do {
      const page = await paginate(query, { by, size: 7, after })
      found.push(...page.items)
      after = page.next
    } while (after !== undefined && found.length < 1_000)

    const all = await query.orderBy(sql`plans.rank, plans.due_at, plans.id`).execute()
    expect(found).toEqual(all)
    expect(all.length).toBeGreaterThan(50)
  })

  test('of a query with an order, a limit or a union of its own is refused before it is sent', async () => {
    const query = db.selectFrom('plans').select('id')
    const before = sent.length
    for (const [part, wrong] of [
      ['orderBy', query.orderBy('id')],
      ['limit', query.limit(1)],
      ['offset', query.offset(1)],
      ['setOperations', query.union(query)],
    ] as const) {
      await expect(paginate(wrong, { by: [{ column: 'id' }], size: 1 })).rejects.toThrow(
        new TypeError(`Expected a query without ${part} of its own`),
      )
    }
    expect(sent.length).toBe(before)
  })

  test('by a name that the query gives to something else is refused before it is sent', async () => {
    const query = db
      .selectFrom('plans')
      .select(['plans.office_id as id', sql<number>`-rank`.as('rank'), 'plans.due_at as due_at'])
    const before = sent.length
    for (const column of ['id', 'rank'] as const) {
      await expect(paginate(query, { by: [{ column }], size: 1 })).rejects.toThrow(
        `Expected by to say which table "${column}" is of`,
      )
    }
    expect(sent.length).toBe(before)
    for (const column of ['plans.id', 'due_at'] as const) {
      expect((await paginate(query, { by: [{ column }], size: 1 })).items).toHaveLength(1)
    }
  })

  test('of keys that are all NULL, where NULLs stand last, is followed by none', async () => {
    await sql`insert into plans select n, 1, null, null from generate_series(30001, 30003) n`.execute(
      db,
    )
    const query = db.selectFrom('plans').select('id').where('id', '>', 30_000)
    const by = [{ column: 'rank' }, { column: 'due_at' }] as const
    const { next } = await paginate(query, { by, size: 1 })

    expect(await paginate(query, { by, size: 1, after: next })).toEqual({
      items: [],
      next: undefined,
    })
  })
})
