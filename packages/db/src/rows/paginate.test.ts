import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { sql, type StringReference } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import type { PageKey } from './page-key.ts'
import { paginate } from './paginate.ts'

interface Schema {
  plans: { id: number; rank: number | null; due_at: Date | null; name: string }
}

let postgres: PostgresServer
let db: Database<Schema>

beforeAll(async () => {
  postgres = await startPostgres()
  db = createDatabase<Schema>({ url: postgres.url })
  await sql`create table plans (id int primary key, rank int, due_at timestamptz, name text not null)`.execute(
    db,
  )
  // Few ranks and some NULLs; moments that differ in microseconds only.
  await sql`insert into plans select n, case when n % 5 = 0 then null else n % 3 end,
    case when n % 7 = 0 then null
      else timestamptz '2026-01-01Z' + (n % 11) * interval '1 microsecond' end,
    'plan ' || (n % 4) from generate_series(1, 100) n`.execute(db)
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

type Key = PageKey<StringReference<Schema, 'plans'>>

const orders: (readonly Key[])[] = (['asc', 'desc'] as const).flatMap((direction) =>
  (['first', 'last', undefined] as const).flatMap((nulls) => {
    const where = nulls === undefined ? {} : { nulls }
    return [
      [
        { column: 'rank', direction, ...where },
        { column: 'id', direction: 'desc' },
      ],
      [
        { column: 'due_at', direction: 'desc', ...where },
        { column: 'rank', direction, ...where },
        { column: 'plans.id' },
      ],
      [{ column: 'name', direction }, { column: 'due_at', direction, ...where }, { column: 'id' }],
    ] as const
  }),
)

function orderText(by: readonly Key[]): string {
  return by
    .map(({ column, direction = 'asc', nulls }) =>
      `${column} ${direction} ${nulls === undefined ? '' : `nulls ${nulls}`}`.trim(),
    )
    .join(', ')
}

async function idsOf(by: readonly Key[], size: number): Promise<number[]> {
  const ids: number[] = []
  let after: string | undefined
  do {
    const page = await paginate(db.selectFrom('plans').select('id'), { by, size, after })
    expect(page.items.length).toBeLessThanOrEqual(size)
    ids.push(...page.items.map(({ id }) => id))
    after = page.next
  } while (after !== undefined)
  return ids
}

describe('paginate', () => {
  test.each(orders.map((by) => ({ by, text: orderText(by) })))(
    'loses and repeats nothing by $text',
    async ({ by, text }) => {
      const { rows } = await sql<{
        id: number
      }>`select id from plans order by ${sql.raw(text)}`.execute(db)

      expect(await idsOf(by, 7)).toEqual(rows.map(({ id }) => id))
    },
  )

  test('shows every row that stayed exactly once while others come and go', async () => {
    const by: readonly Key[] = [{ column: 'rank' }, { column: 'id' }]
    const seen: number[] = []
    let after: string | undefined
    let next = 1_000
    do {
      const page = await paginate(db.selectFrom('plans').select('id'), { by, size: 9, after })
      seen.push(...page.items.map(({ id }) => id))
      after = page.next
      // The very row that the cursor points at goes, and new ones come on both sides of it.
      await db
        .deleteFrom('plans')
        .where('id', '=', seen.at(-1) ?? 0)
        .execute()
      await db
        .insertInto('plans')
        .values([0, 1, 2, null].map((rank) => ({ id: ++next, rank, due_at: null, name: 'new' })))
        .execute()
    } while (after !== undefined && seen.length < 500)
    const stayed = seen.filter((id) => id <= 100)

    expect(new Set(seen).size).toBe(seen.length)
    expect(stayed.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1))
  })

  test('a page carries no column that was not asked for, and the last has no next', async () => {
    const query = db.selectFrom('plans').select('name').where('id', '=', 1_001)
    const page = await paginate(query, { by: [{ column: 'id' }], size: 1 })

    expect(page).toEqual({ items: [{ name: 'new' }], next: undefined })
  })

  test('a cursor of another order, or none at all, is refused', async () => {
    const query = db.selectFrom('plans').select('id')
    const { next } = await paginate(query, { by: [{ column: 'id' }], size: 1 })
    const by = [{ column: 'id', direction: 'desc' }] as const

    for (const after of [next, 'nonsense', '', Buffer.from('[]').toString('base64url')]) {
      await expect(paginate(query, { by, size: 1, after: after ?? '' })).rejects.toThrow(
        'Expected after to be the cursor',
      )
    }
  })
})
