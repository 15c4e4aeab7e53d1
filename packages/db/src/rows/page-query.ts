import {
  AliasNode,
  type AliasedRawBuilder,
  ColumnNode,
  FromNode,
  IdentifierNode,
  type OperationNode,
  type OrderByItemNode,
  OrderByNode,
  type RawBuilder,
  RawNode,
  ReferenceNode,
  SelectionNode,
  type SelectQueryNode,
  sql,
} from 'kysely'

/** The names that the keys have in the rows of a page: none that a column is likely to have. */
export const KEY = 'yuzuru_page_key_'
/** The keys with their own types, for putting several ranges in order. */
export const SORT = 'yuzuru_page_sort_'

/** Ends what a page selects for itself: plugins may name it otherwise, but leave the text alone. */
const MARK = '/* page */'

/** Selects a key as text: a Date would lose the microseconds, a number the last digits. */
export function keySelection(
  column: RawBuilder<unknown>,
  at: number,
): AliasedRawBuilder<unknown, string> {
  return sql`${column}::text /* page */`.as(`${KEY}${at}`)
}

/** Selects a key as it is. */
export function sortSelection(
  column: RawBuilder<unknown>,
  at: number,
): AliasedRawBuilder<unknown, string> {
  return sql`${column} /* page */`.as(`${SORT}${at}`)
}

/** Gives what the page selects for itself its names again, whatever the plugins have made of them. */
export function withPageNames(node: SelectQueryNode, names: readonly string[]): SelectQueryNode {
  let at = 0
  const selections = node.selections?.map((selection) => {
    if (!isMarked(selection)) return selection
    const alias = IdentifierNode.create(names[at++] ?? '')
    return { ...selection, selection: { ...selection.selection, alias } as AliasNode }
  })
  return { ...node, ...(selections === undefined ? {} : { selections }) }
}

/**
 * PostgreSQL takes a bare name in `order by` for what is selected under it, and in `where` for a column.
 *
 * @throws {TypeError} when these differ, so that the page would be in another order than it is cut by
 */
export function expectSameOrder({ selections = [], orderBy }: SelectQueryNode): void {
  for (const { orderBy: key } of orderBy?.items ?? []) {
    const name = bareName(key)
    const other = selections.some(
      ({ selection }) =>
        AliasNode.is(selection) &&
        IdentifierNode.is(selection.alias) &&
        selection.alias.name === name &&
        columnName(selection.node) !== name,
    )
    if (!other) continue
    throw new TypeError(
      `Expected by to say which table "${name}" is of, as the query selects something else under that name`,
    )
  }
}

/** The name of a key that names no table. */
function bareName(key: OperationNode): string | undefined {
  const [part] = RawNode.is(key) ? key.parameters : [key]
  if (part === undefined || (ReferenceNode.is(part) && part.table !== undefined)) return undefined
  return columnName(part)
}

function columnName(node: OperationNode): string | undefined {
  const column = ReferenceNode.is(node) ? node.column : node
  return ColumnNode.is(column) ? column.column.name : undefined
}

function isMarked({ selection }: SelectionNode): boolean {
  if (!AliasNode.is(selection) || !RawNode.is(selection.node)) return false
  return selection.node.sqlFragments.at(-1)?.endsWith(MARK) === true
}

/**
 * One page of several ranges. Each is ordered and limited by itself, so that it reads no more than a
 * page; the outer order puts them together.
 */
export function unionOf(nodes: readonly SelectQueryNode[]): SelectQueryNode {
  const [first, ...rest] = nodes as readonly [SelectQueryNode, ...SelectQueryNode[]]
  if (rest.length === 0) return first
  const { with: tables, orderBy, limit } = first
  // In a subquery each, because a query that locks its rows can not be a part of a union itself.
  const heads = nodes.map((_, at) => `${at === 0 ? '(' : ' union all '}select * from `)
  const parts = nodes.map((node, at) =>
    AliasNode.create(bare(node), IdentifierNode.create(`yuzuru_page_range_${at}`)),
  )
  const union = RawNode.create([...heads, ')'], parts)
  return {
    kind: 'SelectQueryNode',
    from: FromNode.create([AliasNode.create(union, IdentifierNode.create('yuzuru_page'))]),
    selections: [SelectionNode.createSelectAll()],
    ...(tables === undefined ? {} : { with: tables }),
    ...(orderBy === undefined ? {} : { orderBy: OrderByNode.create(orderBy.items.map(sorted)) }),
    ...(limit === undefined ? {} : { limit }),
  }
}

function sorted(item: OrderByItemNode, at: number): OrderByItemNode {
  return { ...item, orderBy: ReferenceNode.create(ColumnNode.create(`${SORT}${at}`)) }
}

/** Without its `with`, which stands once before all of them. */
function bare(node: SelectQueryNode): SelectQueryNode {
  const { with: _tables, ...rest } = node
  return rest
}
