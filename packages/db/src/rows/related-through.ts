import { expectRequiredOptions } from '@yuzuru/concurrency/boundary'
import { sql } from 'kysely'
import { expectRows } from './expect-query.ts'
import type { Queryable } from '../statements/queryable.ts'
import { loosely, type Row, type Table } from '../statements/table.ts'

/** How rows of one table refer to those of another by way of a third, which links them. */
export interface RelationThrough<DB, R, T extends keyof DB & string, L extends keyof DB & string> {
  readonly table: Table<DB, T>
  /** The column of the rows at hand. */
  readonly from: keyof R & string
  /** The table between, its column for the rows at hand, and its column for the related ones. */
  readonly through: {
    readonly table: L
    readonly from: keyof DB[L] & string
    readonly to: keyof DB[L] & string
  }
  /** The column of the related table that `through.to` refers to. */
  readonly to: keyof DB[T] & string
}

/**
 * Adds to a copy of each row, under `name`, the list of rows that a table in between links to it, ordered by
 * primary key and each once: two queries for all rows.
 *
 * @example
 * const plans = await withManyThrough(db, rows, 'staff', {
 *   table: staff, from: 'id', through: { table: 'plan_staff', from: 'plan_id', to: 'staff_id' }, to: 'id' })
 */
export async function withManyThrough<
  DB,
  R extends object,
  N extends string,
  T extends keyof DB & string,
  L extends keyof DB & string,
>(
  db: Queryable<DB>,
  rows: readonly R[],
  name: N,
  relation: RelationThrough<DB, R, T, L>,
): Promise<(R & Record<N, Row<DB, T>[]>)[]> {
  expectRows(rows)
  expectRequiredOptions(relation, ['table', 'from', 'through', 'to'], 'withManyThrough')
  const { table, from, through, to } = relation
  expectRequiredOptions(through, ['table', 'from', 'to'], 'withManyThrough.through')
  const keyOf = (row: object): unknown => (row as Record<string, unknown>)[from]
  const links = await matching(db, through.table, through.from, rows.map(keyOf))
  const found = await matching(
    db,
    table.name,
    to,
    links.map((link) => link[through.to]),
    table.id,
  )
  // By the related row's key, the keys of those it belongs to; a link that stands twice counts once.
  const owners = new Map<string, Set<string>>()
  for (const link of links) add(owners, String(link[through.to]), String(link[through.from]))
  const groups = new Map<string, Set<Record<string, unknown>>>()
  for (const row of found) {
    for (const owner of owners.get(String(row[to])) ?? []) add(groups, owner, row)
  }
  return rows.map((row) => {
    const related = [...(groups.get(String(keyOf(row))) ?? [])]
    return { ...row, [name]: related } as R & Record<N, Row<DB, T>[]>
  })
}

function add<V>(groups: Map<string, Set<V>>, key: string, value: V): void {
  const group = groups.get(key)
  if (group === undefined) groups.set(key, new Set([value]))
  else group.add(value)
}

async function matching<DB>(
  db: Queryable<DB>,
  table: string,
  column: string,
  values: readonly unknown[],
  order?: string,
): Promise<Record<string, unknown>[]> {
  const keys = new Set(values.filter((value) => value !== undefined && value !== null))
  if (keys.size === 0) return []
  let query = loosely(db)
    .selectFrom<string>(table)
    .selectAll()
    .where(sql<boolean>`${sql.ref(column)} = any(${[...keys]})`)
  if (order !== undefined) query = query.orderBy(order)
  return await query.execute()
}
