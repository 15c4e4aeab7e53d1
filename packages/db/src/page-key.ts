import { type OrderByItemBuilder, type RawBuilder, sql } from 'kysely'

/** One column that a list is ordered by. */
export interface PageKey {
  /** As in the query: `created_at`, `plans.created_at`. Not `json`. */
  readonly column: string
  /** @default 'asc' */
  readonly direction?: 'asc' | 'desc'
  /** Where NULLs stand. @default 'last' for 'asc' and 'first' for 'desc', as PostgreSQL does */
  readonly nulls?: 'first' | 'last'
}

/** `order by` for the key, with nothing left to defaults. A callback, because Kysely warns of an expression. */
export function orderOf(key: PageKey): (item: OrderByItemBuilder) => OrderByItemBuilder {
  return (item) => {
    const directed = key.direction === 'desc' ? item.desc() : item.asc()
    return nullsFirst(key) ? directed.nullsFirst() : directed.nullsLast()
  }
}

/**
 * Whether a row comes after the one whose keys are `values` (as PostgreSQL's text, so that nothing is
 * lost on the way): its first key is after, or equal and its second is after, and so on.
 */
export function isAfter(
  keys: readonly PageKey[],
  values: readonly (string | null)[],
): RawBuilder<boolean> {
  const ways = keys.map((key, at) => {
    const equal = keys.slice(0, at).map((other, index) => equals(other, values[index] ?? null))
    return sql`(${sql.join([...equal, follows(key, values[at] ?? null)], sql` and `)})`
  })
  return sql<boolean>`(${sql.join(ways, sql` or `)})`
}

function equals({ column }: PageKey, value: string | null): RawBuilder<unknown> {
  return value === null ? sql`${sql.ref(column)} is null` : sql`${sql.ref(column)} = ${value}`
}

function follows(key: PageKey, value: string | null): RawBuilder<unknown> {
  const column = sql.ref(key.column)
  if (value === null) return nullsFirst(key) ? sql`${column} is not null` : sql`false`
  const after = key.direction === 'desc' ? sql`${column} < ${value}` : sql`${column} > ${value}`
  return nullsFirst(key) ? after : sql`(${after} or ${column} is null)`
}

function nullsFirst({ direction, nulls }: PageKey): boolean {
  return (nulls ?? (direction === 'desc' ? 'first' : 'last')) === 'first'
}
