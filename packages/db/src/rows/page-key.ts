import type { OrderByItemBuilder } from 'kysely'

/** One column that a list is ordered by. */
export interface PageKey<C extends string = string> {
  /** As in the query: `created_at`, `plans.created_at`. Not `json`. */
  readonly column: C
  /** @default 'asc' */
  readonly direction?: 'asc' | 'desc' | undefined
  /** Where NULLs stand. @default 'last' for 'asc' and 'first' for 'desc', as PostgreSQL does */
  readonly nulls?: 'first' | 'last' | undefined
}

/** `order by` for the key, with nothing left to defaults. A callback, because Kysely warns of an expression. */
export function orderOf(key: PageKey): (item: OrderByItemBuilder) => OrderByItemBuilder {
  return (item) => {
    const directed = isDescending(key) ? item.desc() : item.asc()
    return nullsFirst(key) ? directed.nullsFirst() : directed.nullsLast()
  }
}

export function isDescending({ direction }: PageKey): boolean {
  return direction === 'desc'
}

export function nullsFirst({ direction, nulls }: PageKey): boolean {
  return (nulls ?? (direction === 'desc' ? 'first' : 'last')) === 'first'
}
