import {
  type Expression,
  type OrderByItemBuilder,
  type RawBuilder,
  sql,
  type SqlBool,
} from 'kysely'
import { readCursorText, writeCursor } from './page-cursor.ts'
import { isAfter, orderOf, type PageKey } from './page-key.ts'

export interface PageOptions {
  /** What the list is ordered by. Together they must be unique: end with the primary key. */
  readonly by: readonly PageKey[]
  /** How many rows a page has at the most, from 1 up. */
  readonly size: number
  /** The `next` of the page before; none for the first. */
  readonly after?: string | undefined
}

export interface Page<O> {
  readonly items: readonly O[]
  /** The cursor for the page after this one; `undefined` on the last. */
  readonly next: string | undefined
}

/** A select query of Kysely without an order or limit of its own. */
export interface Pageable<O> {
  $call<T>(fn: (query: this) => T): T
  execute(): Promise<O[]>
}

/** The part of Kysely's builder that is used here; its own types depend on each query. */
interface Builder {
  select(selection: unknown): Builder
  where(condition: Expression<SqlBool>): Builder
  orderBy(
    column: RawBuilder<unknown>,
    order: (item: OrderByItemBuilder) => OrderByItemBuilder,
  ): Builder
  limit(rows: number): Builder
  execute(): Promise<Record<string, unknown>[]>
}

const PREFIX = 'yuzuru_page_key_'

/**
 * One page of a list, found by where the page before ended and not by counting: rows that are inserted
 * or deleted meanwhile make none of the others appear twice or be left out, and the last page costs no
 * more than the first. Equal keys, NULLs, mixed directions and microseconds are exact.
 *
 * @throws {TypeError} on wrong options, or a cursor of another order
 * @example
 * const page = await paginate(db.selectFrom('plans').selectAll(), {
 *   by: [{ column: 'created_at', direction: 'desc' }, { column: 'id' }], size: 20, after: request.after })
 */
export async function paginate<O>(query: Pageable<O>, options: PageOptions): Promise<Page<O>> {
  const { by, size, after } = options
  if (!Array.isArray(by) || by.length === 0) {
    throw new TypeError('Expected by to name at least one column')
  }
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new TypeError(`Expected size to be an integer from 1 up, got ${String(size)}`)
  }
  let page = query as unknown as Builder
  if (after !== undefined) page = page.where(isAfter(by, readCursorText(by, after)))
  for (const [at, key] of by.entries()) {
    // As text: a Date would lose the microseconds, a number the last digits.
    page = page.select(sql`${sql.ref(key.column)}::text`.as(`${PREFIX}${at}`))
    page = page.orderBy(sql.ref(key.column), orderOf(key))
  }
  // One row more than asked for tells whether there is a next page.
  const rows = await page.limit(size + 1).execute()
  const shown = rows.slice(0, size)
  const last = rows.length > size ? shown.at(-1) : undefined
  const next = last && writeCursor(by, takeKeys(by, last))
  return { items: shown.map((row) => withoutKeys(row) as O), next }
}

function takeKeys(by: readonly PageKey[], row: Record<string, unknown>): (string | null)[] {
  return by.map((_, at) => (row[`${PREFIX}${at}`] as string | null) ?? null)
}

function withoutKeys(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith(PREFIX)))
}
