import { Kysely, PostgresDialect } from 'kysely'
import { Pool } from 'pg'
import type { Schema } from './schema.ts'

/** Kysely as it comes, on pg's own pool. */
export function bareKysely(url: string, max: number): Kysely<Schema> {
  return new Kysely({
    dialect: new PostgresDialect({ pool: new Pool({ connectionString: url, max }) }),
  })
}
