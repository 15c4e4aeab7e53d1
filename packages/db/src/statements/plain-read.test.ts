import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from 'kysely'
import { describe, expect, test } from 'vitest'
import { isPlainRead } from './plain-read.ts'

interface Schema {
  plans: { id: number; title: string; office_id: number; body: { kind: string } }
  offices: { id: number; name: string }
}

const db = new Kysely<Schema>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (it) => new PostgresIntrospector(it),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})
const plans = db.selectFrom('plans')

describe('isPlainRead', () => {
  test.each(
    Object.entries({
      'a select by key': plans.selectAll().where('id', '=', 1),
      'joins, order and limit': plans
        .innerJoin('offices', 'offices.id', 'plans.office_id')
        .leftJoin('offices as o', (join) => join.onRef('o.id', '=', 'plans.office_id'))
        .select(['plans.title', 'offices.name as office'])
        .where((eb) => eb.or([eb('plans.id', 'in', [1, 2]), eb('title', 'like', 'a%')]))
        .orderBy('plans.id', 'desc')
        .orderBy('title', (by) => by.asc().nullsLast())
        .limit(5)
        .offset(2),
      'aggregates and a subquery': plans
        .select((eb) => [
          eb.fn.countAll().as('n'),
          eb.fn.max('id').as('max'),
          eb.fn.coalesce('title', eb.val('none')).as('title'),
          eb.selectFrom('offices').select('name').limit(1).as('name'),
        ])
        .distinct()
        .groupBy('title')
        .having((eb) => eb.fn.count('id'), '>', 1),
      'a CTE that reads': db
        .with('some', (with_) => with_.selectFrom('plans').select('id'))
        .selectFrom('some')
        .selectAll(),
      'a union': plans.select('id').union(db.selectFrom('offices').select('id')),
      'a value that looks like a node': plans
        .selectAll()
        .where('body', '=', { kind: 'DeleteQueryNode' }),
    }),
  )('is true for %s', (_, query) => {
    expect(isPlainRead(query.compile())).toBe(true)
  })

  test.each(
    Object.entries({
      'a lock': plans.selectAll().forUpdate(),
      'a shared lock that skips': plans.selectAll().forShare().skipLocked(),
      'text in it': plans.select(sql<string>`clock_timestamp()`.as('at')),
      'text in a condition': plans.selectAll().where(sql<boolean>`pg_sleep(1) is null`),
      'text in the order': plans.selectAll().orderBy(sql`random()`),
      'another function': plans.select((eb) => eb.fn('nextval', [eb.val('s')]).as('n')),
      'a function of a schema': plans.select((eb) => eb.fn('app.count', ['id']).as('n')),
      'another aggregate': plans.select((eb) => eb.fn.agg('app_agg', ['id']).as('n')),
      'a CTE that writes': db
        .with('gone', (with_) => with_.deleteFrom('plans').returning('id'))
        .selectFrom('gone')
        .selectAll(),
      'an insert': db.insertInto('offices').values({ id: 1, name: 'a' }),
      'an update': db.updateTable('offices').set({ name: 'a' }),
      'a delete': db.deleteFrom('offices'),
    }),
  )('is false for %s', (_, query) => {
    expect(isPlainRead(query.compile())).toBe(false)
  })

  test('is false for a select that is text as a whole', () => {
    expect(isPlainRead(sql`select 1`.compile(db))).toBe(false)
  })
})
