import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { withMany, withOne } from './related.ts'
import { withNested } from './related-nested.ts'
import { withManyThrough } from './related-through.ts'
import { repository } from './repository.ts'
import { tableOf } from '../statements/table.ts'

interface Schema {
  offices: { id: number; name: string }
  plans: { id: number; office_id: number | null }
  staff: { id: bigint; name: string }
  plan_staff: { plan_id: number; staff_id: bigint }
}

const offices = repository(tableOf<Schema>()('offices'))
const plans = repository(tableOf<Schema>()('plans'))
const staff = repository(tableOf<Schema>()('staff'))

let postgres: PostgresServer
let db: Database<Schema>
let statements = 0

beforeAll(async () => {
  postgres = await startPostgres()
  db = createDatabase<Schema>({ url: postgres.url, log: () => void (statements += 1) })
  await sql`create table offices (id int primary key, name text not null)`.execute(db)
  await sql`create table plans (id int primary key, office_id int)`.execute(db)
  await sql`create table staff (id int8 primary key, name text not null)`.execute(db)
  await sql`create table plan_staff (plan_id int not null, staff_id int8 not null)`.execute(db)
  await sql`insert into offices select n, 'office ' || n from generate_series(1, 20) n`.execute(db)
  await sql`insert into plans select n, nullif(n % 15, 0) from generate_series(1, 200) n`.execute(
    db,
  )
  await sql`insert into staff select n, 'staff ' || n from generate_series(1, 30) n`.execute(db)
  // Everybody of one remainder, and each link twice.
  await sql`insert into plan_staff select p.id, s.id from plans p join staff s on p.id % 7 = s.id % 7,
    generate_series(1, 2)`.execute(db)
})

beforeEach(() => {
  statements = 0
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

const toStaff = {
  table: staff.table,
  from: 'id',
  through: { table: 'plan_staff', from: 'plan_id', to: 'staff_id' },
  to: 'id',
} as const

describe('many-to-many', () => {
  test('gives each row its own, by their key and each once, in two queries', async () => {
    const list = await plans.list(db)
    statements = 0
    const rows = await withManyThrough(db, list, 'staff', toStaff)

    expect(statements).toBe(2)
    expect(rows).toHaveLength(200)
    for (const { id, staff } of rows) {
      const expected = Array.from({ length: 30 }, (_, at) => at + 1).filter((n) => n % 7 === id % 7)
      expect(staff.map((one) => Number(one.id))).toEqual(expected)
    }
  })

  test('of no rows, or rows without any, sends no more than it must', async () => {
    expect(await withManyThrough(db, [], 'staff', toStaff)).toEqual([])
    expect(await withManyThrough(db, [{ id: 9_999 }], 'staff', toStaff)).toEqual([
      { id: 9_999, staff: [] },
    ])
    expect(statements).toBe(1)
  })
})

describe('nested rows', () => {
  const toPlans = { table: plans.table, from: 'id', to: 'office_id' } as const

  test('take as many queries as there are levels, however many rows there are', async () => {
    const list = await offices.list(db)
    statements = 0
    const withPlans = await withMany(db, list, 'plans', toPlans)
    const deep = await withNested(withPlans, 'plans', (found) =>
      withManyThrough(db, found, 'staff', toStaff),
    )

    expect(statements).toBe(3)
    expect(deep.flatMap(({ plans }) => plans)).toHaveLength(187)
    for (const office of deep) {
      for (const plan of office.plans) {
        expect(plan.office_id).toBe(office.id)
        expect(plan.staff.every((one) => Number(one.id) % 7 === plan.id % 7)).toBe(true)
      }
    }
  })

  test('stand under one row or none; a row that is shared is loaded once', async () => {
    const list = await plans.list(db)
    const withOffice = await withOne(db, list, 'office', {
      table: offices.table,
      from: 'office_id',
      to: 'id',
    })
    let given = 0
    const deep = await withNested(withOffice, 'office', async (found) => {
      given = found.length
      return await withMany(db, found, 'plans', toPlans)
    })

    expect(given).toBe(14)
    for (const { office_id, office } of deep) {
      expect(office?.id).toBe(office_id ?? undefined)
      expect(office?.plans.every((plan) => plan.office_id === office_id) ?? true).toBe(true)
    }
  })

  test('are not looked for where there are none, and must be given back one for one', async () => {
    const none = [{ plans: [] as { id: number }[] }, { plans: null }]
    const never = (): never => expect.unreachable()

    expect(await withNested(none, 'plans', never)).toEqual(none)
    await expect(withNested([{ one: { id: 1 } }], 'one', async () => [])).rejects.toThrow(
      'Expected a row for each of 1 under "one", got 0',
    )
  })
})
