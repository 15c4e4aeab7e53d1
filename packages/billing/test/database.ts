import { ownSchema } from '@yuzuru/tooling/own-schema'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Pool } from 'pg'
import { billingMigrations } from '../src/stores/migrations.ts'

export interface TestSchema {
  readonly offices: { readonly id: string; readonly status: string }
}

/** A database of plain Kysely, with the store's tables in a schema of its own. */
export interface TestDatabase extends AsyncDisposable {
  readonly db: Kysely<TestSchema>
  /** Connects to the same schema. */
  readonly url: string
}

/** @param isolation the level at which its sessions run what does not say otherwise */
export async function openDatabase(isolation?: string): Promise<TestDatabase> {
  const { name, url: own } = ownSchema('billing')
  const url = isolation === undefined ? own : withIsolation(own, isolation)
  const pool = new Pool({ connectionString: url, max: 10 })
  const db = new Kysely<TestSchema>({ dialect: new PostgresDialect({ pool }) })
  await sql`create schema ${sql.id(name)}`.execute(db)
  for (const migration of Object.values(billingMigrations)) await migration.up(db)
  await sql`create table offices (id text primary key, status text not null)`.execute(db)
  return {
    db,
    url,
    async [Symbol.asyncDispose]() {
      await sql`drop schema ${sql.id(name)} cascade`.execute(db)
      await db.destroy()
    },
  }
}

function withIsolation(own: string, level: string): string {
  const url = new URL(own)
  const options = url.searchParams.get('options') ?? ''
  const escaped = level.replaceAll(' ', String.raw`\ `)
  url.searchParams.set('options', `${options} -c default_transaction_isolation=${escaped}`)
  return url.href
}
