import type { Kysely, Transaction } from 'kysely'
import type { Database } from '../database.ts'

/**
 * What a function takes that runs queries: a database or a transaction. Written as a union, because
 * TypeScript finds `DB` by the name of the class; of `Kysely<DB>` alone it loses the tables' names.
 *
 * @example
 * async function approve(db: Queryable<Schema>, id: string): Promise<void> {
 *   await plans.update(db, id, { status: 'approved' })
 * }
 */
export type Queryable<DB> = Kysely<DB> | Transaction<DB> | Database<DB>
