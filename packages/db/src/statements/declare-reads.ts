import type { Kysely, KyselyPlugin } from 'kysely'
import { bindingOf } from './binding.ts'
import type { Queryable } from './queryable.ts'
import { markRead } from './read-mark.ts'

/** What may be a read: a `SELECT`, and text, which is not read here. */
const READABLE: ReadonlySet<string> = new Set(['SelectQueryNode', 'RawNode'])

const plugin: KyselyPlugin = {
  transformQuery({ node }) {
    if (READABLE.has(node.kind)) return markRead(node)
    throw new TypeError(`Expected a read, as was declared, got ${node.kind}`)
  },
  transformResult: async ({ result }) => result,
}

/**
 * Returns the same database with your promise that everything that runs through it only reads: SQL written
 * with `sql`, and a `SELECT` that calls functions of your own, then count as reads, so that their `outcome` is `none`
 * when they are cut off. Nothing checks it.
 * To have the server check it, use `transaction(db, fn, { readOnly: true })`.
 *
 * @throws {TypeError} at an insert, update, delete, merge or a change of the schema with Kysely's builder
 * @example
 * const { rows } = await sql<Total>`select sum(amount) as total from billings`.execute(declareReads(db))
 */
export function declareReads<DB>(db: Queryable<DB>): Kysely<DB> {
  bindingOf(db)
  return db.withPlugin(plugin)
}
