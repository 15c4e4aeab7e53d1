import type { Effect } from '@yuzuru/concurrency'
import type { CompiledQuery, RootOperationNode } from 'kysely'
import { callsOnlyKnown } from './calls-known.ts'
import { KnownTexts } from './known-texts.ts'
import { mayLast } from './lasting-effects.ts'
import { isDeclaredRead } from './read-mark.ts'
import { mayCommit, mayFailPartly } from './statement-words.ts'

/**
 * What an autocommit statement does to the database. A `SELECT` of Kysely's builder is a read, unless
 * a CTE in it writes, or it calls a function that is not known to write nothing. What is written as `sql` text as a
 * whole counts as a write, whatever it says, unless it was declared to read.
 */
export function effectOf(query: CompiledQuery): Effect {
  return isDeclaredRead(query) || isSelect(query) ? 'read' : 'write'
}

const selects = new KnownTexts<CompiledQuery>(
  ({ query, sql }) => isRead(query) && callsOnlyKnown(sql),
)

function isSelect(query: CompiledQuery): boolean {
  return query.query.kind === 'SelectQueryNode' && selects.is(query)
}

/** Whether the server takes a cursor for it: a `SELECT` without a CTE that writes. Of text only the server knows. */
export function takesCursor({ query }: CompiledQuery): boolean {
  return query.kind === 'RawNode' || isRead(query)
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
export function commits(query: CompiledQuery): boolean {
  return !BUILT.has(query.query.kind) && committing.is(query)
}

/**
 * Whether text that runs outside of a transaction may have committed something before it failed: a procedure
 * that commits, say, or a script with a COMMIT in it.
 */
export function failsPartly(query: CompiledQuery): boolean {
  return !BUILT.has(query.query.kind) && parting.is(query)
}

/**
 * Whether something that it does may stand after a rollback, of itself or of its transaction: `setval`, what is run
 * through `dblink`. Not where it was declared to read.
 */
export function lasts(query: CompiledQuery): boolean {
  return lasting.is(query) && !isDeclaredRead(query)
}

const lasting = new KnownTexts<CompiledQuery>(({ sql }) => mayLast(sql))
const committing = new KnownTexts<CompiledQuery>(({ sql }) => mayCommit(sql))
const parting = new KnownTexts<CompiledQuery>(({ sql }) => mayFailPartly(sql))

const BUILT: ReadonlySet<string> = new Set([
  'SelectQueryNode',
  'InsertQueryNode',
  'UpdateQueryNode',
  'DeleteQueryNode',
  'MergeQueryNode',
])
