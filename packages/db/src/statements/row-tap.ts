import type { CompiledQuery, RootOperationNode, UnknownRow } from 'kysely'

/** Takes rows as the server gave them, before any plugin has seen them, and returns what goes on. */
export type RowTap = (rows: UnknownRow[]) => UnknownRow[]

const taps = new WeakMap<RootOperationNode, RowTap>()

/** Has the rows of the query that is compiled from `node` go through `tap`. */
export function tapRows(node: RootOperationNode, tap: RowTap): void {
  taps.set(node, tap)
}

/** The rows of a query, after its tap if it has one. */
export function tapped({ query }: CompiledQuery, rows: UnknownRow[]): UnknownRow[] {
  return taps.get(query)?.(rows) ?? rows
}
