import { createDatabase, type Database } from '@yuzuru/db'
import { ownSchema } from '@yuzuru/tooling/own-schema'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Pool } from 'pg'
import { onTestFinished } from 'vitest'
import { idempotencyMigrations } from '../src/idempotency/idempotency-migrations.ts'

export interface TestSchema {
  readonly effects: { readonly name: string }
}

/** A database of plain Kysely, with the store's table and one for effects in a schema of its own. */
export interface TestDatabase extends AsyncDisposable {
  readonly db: Kysely<TestSchema>
  /** Connects to the same schema. */
  readonly url: string
}

export async function openDatabase(): Promise<TestDatabase> {
  const { name, url } = ownSchema('server')
  const pool = new Pool({ connectionString: url, max: 10 })
  const db = new Kysely<TestSchema>({ dialect: new PostgresDialect({ pool }) })
  await sql`create schema ${sql.id(name)}`.execute(db)
  for (const migration of Object.values(idempotencyMigrations)) await migration.up(db)
  await sql`create table effects (name text not null)`.execute(db)
  return {
    db,
    url,
    async [Symbol.asyncDispose]() {
      await sql`drop schema ${sql.id(name)} cascade`.execute(db)
      await db.destroy()
    },
  }
}

/** One of `@yuzuru/db`, for the test that is running. */
export function yuzuruDatabase(
  url: string,
  options: { readonly connections?: number; readonly cancelTimeoutMs?: number } = {},
): Database<TestSchema> {
  const db = createDatabase<TestSchema>({ url, ...options })
  onTestFinished(() => db.close())
  return db
}

export async function countEffects(db: Kysely<TestSchema>): Promise<number> {
  const { length } = await db.selectFrom('effects').selectAll().execute()
  return length
}
