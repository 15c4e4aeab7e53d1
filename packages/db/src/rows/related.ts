import { expectRequiredOptions } from '@yuzuru/concurrency/boundary'
import { type SelectType, sql } from 'kysely'
import { expectRows } from './expect-query.ts'
import type { Queryable } from '../statements/queryable.ts'
import { type Column, loosely, type Row, type Table } from '../statements/table.ts'

/** How rows of one table refer to those of another. */
export interface Relation<
  DB,
  R,
  T extends keyof DB & string,
  F extends keyof R & string = keyof R & string,
> {
  readonly table: Table<DB, T>
  /** The column of the rows at hand. */
  readonly from: F
  /** The column of the related table that holds the same value, and so is of the same type. */
  readonly to: ColumnLike<DB, T, NonNullable<R[F]>>
}

/** The columns whose values may be equal to a `Value`. */
type ColumnLike<DB, T extends keyof DB, Value> = {
  [C in Column<DB, T>]: [NonNullable<SelectType<DB[T][C]>>] extends [Value]
    ? C
    : [Value] extends [NonNullable<SelectType<DB[T][C]>>]
      ? C
      : never
}[Column<DB, T>]

/**
 * Adds to a copy of each row, under `name`, its related row (or `undefined`): one query for all rows, not
 * one for each.
 *
 * @example
 * const plans = await withOne(db, rows, 'office', { table: offices, from: 'office_id', to: 'id' })
 */
export async function withOne<
  DB,
  R extends object,
  N extends string,
  T extends keyof DB & string,
  F extends keyof R & string,
>(
  db: Queryable<DB>,
  rows: readonly R[],
  name: N,
  relation: Relation<DB, R, T, F>,
): Promise<(R & Record<N, Row<DB, T> | undefined>)[]> {
  const groups = await groupsOf(db, rows, relation)
  return rows.map((row) => attached(row, name, groups(row)[0]))
}

/**
 * Adds to a copy of each row, under `name`, the list of its related rows, ordered by primary key: one query
 * for all rows, not one for each.
 *
 * @example
 * const offices = await withMany(db, rows, 'plans', { table: plans, from: 'id', to: 'office_id' })
 */
export async function withMany<
  DB,
  R extends object,
  N extends string,
  T extends keyof DB & string,
  F extends keyof R & string,
>(
  db: Queryable<DB>,
  rows: readonly R[],
  name: N,
  relation: Relation<DB, R, T, F>,
): Promise<(R & Record<N, Row<DB, T>[]>)[]> {
  const groups = await groupsOf(db, rows, relation)
  return rows.map((row) => attached(row, name, groups(row)))
}

async function groupsOf<
  DB,
  R extends object,
  T extends keyof DB & string,
  F extends keyof R & string,
>(
  db: Queryable<DB>,
  rows: readonly R[],
  relation: Relation<DB, R, T, F>,
): Promise<(row: R) => Row<DB, T>[]> {
  expectRows(rows)
  expectRequiredOptions(relation, ['table', 'from', 'to'], 'relation')
  const { table, from, to } = relation
  const keyOf = (row: R): unknown => (row as Record<string, unknown>)[from]
  const keys = new Set(rows.map((row) => keyOf(row)).filter((key) => key != null))
  const groups = new Map<string, Row<DB, T>[]>()
  if (keys.size > 0) {
    const query = loosely(db)
      .selectFrom<string>(table.name)
      .selectAll()
      .where(sql<boolean>`${sql.ref(to)} = any(${[...keys]})`)
      .orderBy(table.id)
    for (const found of await query.execute()) {
      const key = String(found[to])
      const group = groups.get(key) ?? []
      group.push(found as Row<DB, T>)
      groups.set(key, group)
    }
  }
  return (row) => groups.get(String(keyOf(row))) ?? []
}

function attached<R extends object, N extends string, V>(
  row: R,
  name: N,
  value: V,
): R & Record<N, V> {
  return { ...row, [name]: value } as R & Record<N, V>
}
