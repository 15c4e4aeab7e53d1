import { type Generated, type Kysely, PostgresAdapter, type Transaction } from 'kysely'
import { describe, expectTypeOf, test } from 'vitest'
import type { DatabaseOptions } from './database-options.ts'
import { paginate } from './rows/paginate.ts'
import { type Relation, withMany, withOne } from './rows/related.ts'
import { repository } from './rows/repository.ts'
import { tableOf } from './statements/table.ts'
import { afterCommit, afterRollback } from './transactions/transaction-hooks.ts'

interface Schema {
  offices: { id: string; name: string }
  plans: { id: Generated<number>; office_id: string | null; version: Generated<number> }
  events: { sequence: Generated<bigint>; office_id: string }
}

/** Only for the types: nothing here is called. */
function typesOnly(check: (db: Kysely<Schema>, tx: Transaction<Schema>) => unknown): void {
  expectTypeOf(check).toBeFunction()
}

const offices = repository(tableOf<Schema>()('offices'))
const plans = repository(tableOf<Schema>()('plans', { version: 'version' }))
const events = repository(tableOf<Schema>()('events', { id: 'sequence' }))

describe('types refuse', () => {
  test('an id of another type than that of the primary key', () => {
    typesOnly((db) => [
      offices.get(db, 'a'),
      plans.get(db, 1),
      events.find(db, 1n),
      // @ts-expect-error -- a text
      offices.get(db, 1),
      // @ts-expect-error -- a number
      plans.find(db, 'a'),
      // @ts-expect-error -- a bigint
      events.delete(db, 1),
      // @ts-expect-error -- a number
      plans.update(db, '1', { office_id: null }),
    ])
    expectTypeOf<Parameters<typeof plans.get>[1]>().toEqualTypeOf<number>()
  })

  test('a version where there is none to compare with', () => {
    typesOnly((db) => [
      plans.update(db, 1, { office_id: 'a' }, { version: 1 }),
      offices.update(db, 'a', { name: 'A' }),
      // @ts-expect-error -- no column counts the updates
      offices.update(db, 'a', { name: 'A' }, { version: 1 }),
      // @ts-expect-error -- not a column
      tableOf<Schema>()('offices', { version: 'version' }),
    ])
  })

  test('a table without the column of its primary key', () => {
    typesOnly(() => [
      tableOf<Schema>()('events', { id: 'sequence' }),
      // @ts-expect-error -- it has no column id
      tableOf<Schema>()('events'),
      // @ts-expect-error -- nor does a version name one
      tableOf<Schema>()('events', { version: 'sequence' }),
      // @ts-expect-error -- not a column
      tableOf<Schema>()('plans', { id: 'sequence' }),
    ])
  })

  test('related columns of two types', () => {
    const rows = [{ id: 1, office_id: null as string | null, n: 1n }]
    typesOnly((db) => [
      withOne(db, rows, 'office', { table: offices.table, from: 'office_id', to: 'id' }),
      withMany(db, rows, 'same', { table: plans.table, from: 'id', to: 'version' }),
      withMany(db, rows, 'events', { table: events.table, from: 'n', to: 'sequence' }),
      // @ts-expect-error -- a number and a text
      withOne(db, rows, 'office', { table: offices.table, from: 'id', to: 'id' }),
      // @ts-expect-error -- a text and a number
      withMany(db, rows, 'plans', { table: plans.table, from: 'office_id', to: 'id' }),
      // @ts-expect-error -- a number and a bigint
      withMany(db, rows, 'events', { table: events.table, from: 'id', to: 'sequence' }),
    ])
    expectTypeOf<Relation<Schema, { id: string }, 'plans'>['to']>().toEqualTypeOf<'office_id'>()
  })

  test('a column that the query of a page does not have', () => {
    typesOnly((db) => [
      paginate(db.selectFrom('plans').select('office_id'), { by: [{ column: 'id' }], size: 1 }),
      paginate(
        db.selectFrom('plans').innerJoin('offices', 'offices.id', 'plans.office_id').selectAll(),
        { by: [{ column: 'offices.name' }, { column: 'plans.id' }], size: 1 },
      ),
      paginate(db.selectFrom('plans as p').selectAll(), { by: [{ column: 'p.id' }], size: 1 }),
      // @ts-expect-error -- of another table
      paginate(db.selectFrom('plans').selectAll(), { by: [{ column: 'name' }], size: 1 }),
      // @ts-expect-error -- misspelt
      paginate(db.selectFrom('plans').selectAll(), { by: [{ column: 'plans.ids' }], size: 1 }),
    ])
  })

  test('a hook on a database, which commits nothing', () => {
    typesOnly((db, tx) => [
      afterCommit(tx, () => 1),
      afterRollback(tx, () => 1),
      // @ts-expect-error -- not a tx
      afterCommit(db, () => 1),
      // @ts-expect-error -- not a tx
      afterRollback(db, () => 1),
      // @ts-expect-error -- no database at all
      afterCommit(new PostgresAdapter(), () => 1),
    ])
  })

  test('a place that may be undefined', () => {
    const url = process.env['DATABASE_URL']
    // @ts-expect-error -- it would go to localhost
    const options: DatabaseOptions = { url }
    expectTypeOf(options).toEqualTypeOf<DatabaseOptions>()
  })
})
