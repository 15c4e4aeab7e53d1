import { expectOptions, expectRequiredOptions } from '@yuzuru/concurrency/boundary'
import {
  type Expression,
  type KyselyPlugin,
  type OrderByItemBuilder,
  type RawBuilder,
  type RootOperationNode,
  type SelectQueryBuilder,
  type SelectQueryNode,
  sql,
  type SqlBool,
  type StringReference,
  type UnknownRow,
} from 'kysely'
import { expectQuery } from './expect-query.ts'
import { readCursorText, writeCursor } from './page-cursor.ts'
import { orderOf, type PageKey } from './page-key.ts'
import {
  expectSameOrder,
  KEY,
  keySelection,
  SORT,
  sortSelection,
  unionOf,
  withPageNames,
} from './page-query.ts'
import { rangesAfter } from './page-ranges.ts'
import { tapRows } from '../statements/row-tap.ts'

/** Options of {@link paginate}. */
export interface PageOptions<C extends string = string> {
  /** What the list is ordered by. Together they must be unique: end with the primary key. */
  readonly by: readonly PageKey<C>[]
  /** How many rows a page has at the most, from 1 up. */
  readonly size: number
  /** The `next` of the page before; none for the first. */
  readonly after?: string | undefined
}

/** One page of a list. */
export interface Page<O> {
  readonly items: readonly O[]
  /** The cursor for the page after this one; `undefined` on the last. */
  readonly next: string | undefined
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
  withPlugin(plugin: KyselyPlugin): Builder
  toOperationNode(): RootOperationNode
  execute(): Promise<unknown[]>
}

/**
 * Reads one page of a list, found by where the page before ended and not by counting (keyset pagination):
 * when rows are inserted or deleted meanwhile, none of the others appears twice or is left out. With an
 * index on the keys, in their order, the last page costs no more than the first. Equal keys, NULLs, mixed
 * directions and microseconds are exact.
 *
 * It cannot jump to page 17 or count the pages. To read all rows use {@link stream}. A cursor is not a
 * secret, and it does not limit which rows are seen: that is up to the query's own `where`.
 *
 * @throws {TypeError} when an option is unknown or out of its range, the cursor is of another order, or the
 *   query has an order, a limit, or a set operation (`union`) of its own
 * @throws {DbError} when the query fails
 * @example
 * const page = await paginate(db.selectFrom('plans').selectAll(), {
 *   by: [{ column: 'created_at', direction: 'desc' }, { column: 'id' }], size: 20, after: request.after })
 */
export async function paginate<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  options: PageOptions<StringReference<DB, TB>>,
): Promise<Page<O>> {
  expectQuery('toOperationNode', query)
  expectRequiredOptions(options, ['by', 'size', 'after'], 'paginate')
  const { by, size, after } = options
  if (!Array.isArray(by) || by.length === 0) {
    throw new TypeError('Expected by to name at least one column')
  }
  for (const key of by) expectOptions(key, ['column', 'direction', 'nulls'], 'paginate.by')
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new TypeError(`Expected size to be an integer from 1 up, got ${String(size)}`)
  }
  const base = query as unknown as Builder
  expectPageable(base.toOperationNode())
  const ranges = after === undefined ? [undefined] : rangesAfter(by, readCursorText(by, after))
  const names = namesOf(by.length, ranges.length > 1)
  const nodes = ranges.map((range) => {
    const part = partOf(range === undefined ? base : base.where(range), by, ranges.length > 1)
    // One row more than asked for shows whether there is a next page.
    const node = part.limit(size + 1).toOperationNode() as SelectQueryNode
    expectSameOrder(node)
    return withPageNames(node, names)
  })
  if (nodes.length === 0) return { items: [], next: undefined }
  let keys: (string | null)[][] | undefined
  const page = replacedBy(unionOf(nodes), (rows) => {
    keys = rows.map((row) => by.map((_, at) => (row[`${KEY}${at}`] as string | null) ?? null))
    return rows.slice(0, size).map((row) => without(row, names))
  })
  const items = (await base.withPlugin(page).execute()) as O[]
  if (keys === undefined) throw new TypeError('Expected a query of a db made by createDatabase')
  const last = keys.length > size ? keys[size - 1] : undefined
  return { items, next: last && writeCursor(by, last) }
}

function expectPageable(node: RootOperationNode): void {
  if (node.kind !== 'SelectQueryNode') {
    throw new TypeError(`Expected a select query of Kysely, got ${node.kind}`)
  }
  const own = (['orderBy', 'limit', 'offset', 'fetch', 'setOperations'] as const).find(
    (part) => node[part] !== undefined,
  )
  if (own !== undefined) throw new TypeError(`Expected a query without ${own} of its own`)
}

function namesOf(count: number, sorted: boolean): string[] {
  const names = Array.from({ length: count }, (_, at) => at)
  return names.flatMap((at) => (sorted ? [`${KEY}${at}`, `${SORT}${at}`] : [`${KEY}${at}`]))
}

function partOf(query: Builder, by: readonly PageKey[], sorted: boolean): Builder {
  let part = query
  for (const [at, key] of by.entries()) {
    const column = sql.ref(key.column)
    part = part.select(keySelection(column, at))
    if (sorted) part = part.select(sortSelection(column, at))
    part = part.orderBy(column, orderOf(key))
  }
  return part
}

/** Sends `node` in place of the query, and takes the rows before the query's own plugins see them. */
function replacedBy(
  node: SelectQueryNode,
  tap: (rows: UnknownRow[]) => UnknownRow[],
): KyselyPlugin {
  tapRows(node, tap)
  return { transformQuery: () => node, transformResult: async ({ result }) => result }
}

function without(row: UnknownRow, names: readonly string[]): UnknownRow {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)))
}
