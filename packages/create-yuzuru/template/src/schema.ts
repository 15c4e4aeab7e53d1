import { repository, tableOf } from '@yuzuru/db'
import { type Generated, type Selectable, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The tables, for Kysely. */
export interface Schema {
  readonly plans: {
    readonly id: Generated<string>
    readonly title: string
    readonly email: string
    readonly announced_at: Date | null
  }
}

export type Plan = Selectable<Schema['plans']>

/** The verbs that each table needs; for all else there is Kysely. */
export const plans = repository(tableOf<Schema>()('plans'))

/** Run in the order of their names, each once. Add new ones; change none that has run. */
export const migrations: Record<string, Migration> = {
  '2026_01_plans': {
    up: async (db) => {
      await db.schema
        .createTable('plans')
        .addColumn('id', 'uuid', (id) => id.primaryKey().defaultTo(sql`gen_random_uuid()`))
        .addColumn('title', 'text', (title) => title.notNull())
        .addColumn('email', 'text', (email) => email.notNull())
        .addColumn('announced_at', 'timestamptz')
        .execute()
    },
  },
}
