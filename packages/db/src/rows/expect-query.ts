import { expected } from '@yuzuru/concurrency/boundary'

/** Throws unless `query` is a query of Kysely that has not been run: it has `method`. */
export function expectQuery(method: 'stream' | 'toOperationNode', query: unknown): void {
  const found: unknown = (query as Record<string, unknown> | null | undefined)?.[method]
  if (typeof found !== 'function') throw expected('query to be a query of Kysely', query)
}

/** Throws unless `rows` is an array. */
export function expectRows(rows: unknown): void {
  if (!Array.isArray(rows)) throw expected('rows to be an array', rows)
}
