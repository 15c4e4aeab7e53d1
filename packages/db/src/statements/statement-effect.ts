import type { Effect } from '@yuzuru/concurrency'
import type { CompiledQuery, RootOperationNode } from 'kysely'
import { isDeclaredRead } from './read-mark.ts'
import { mayCommit, mayFailPartly } from './statement-words.ts'

/**
 * What an autocommit statement does to the database. A `SELECT` of Kysely's builder is a read, unless
 * a CTE in it writes. What is written as `sql` text counts as a write, whatever it says, unless
 * it was declared to read: guessing would be wrong for functions that write.
 */
export function effectOf(query: CompiledQuery): Effect {
  return isRead(query.query) || isDeclaredRead(query) ? 'read' : 'write'
}

function isRead(node: RootOperationNode): boolean {
  if (node.kind !== 'SelectQueryNode') return false
  const tables = node.with?.expressions ?? []
  return tables.every(({ expression }) => isReadNode(expression))
}

function isReadNode(node: { readonly kind: string }): boolean {
  return node.kind === 'SelectQueryNode' && isRead(node as RootOperationNode)
}

/**
 * Whether text that runs in a transaction that was begun by hand would commit it. What a builder made
 * begins with the builder's own word.
 */
export function commits({ query, sql }: CompiledQuery): boolean {
  return !BUILT.has(query.kind) && mayCommit(sql)
}

/**
 * Whether text that runs outside of a transaction may have committed something before it failed: a procedure
 * that commits, say, or a script with a COMMIT in it.
 */
export function failsPartly({ query, sql }: CompiledQuery): boolean {
  return !BUILT.has(query.kind) && mayFailPartly(sql)
}

const BUILT: ReadonlySet<string> = new Set([
  'SelectQueryNode',
  'InsertQueryNode',
  'UpdateQueryNode',
  'DeleteQueryNode',
  'MergeQueryNode',
])
