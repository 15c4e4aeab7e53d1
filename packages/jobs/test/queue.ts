import { randomBytes } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { inject, onTestFinished } from 'vitest'
import { jobsMigrations } from '../src/database/migrations.ts'
import { openKysely, type TestSchema } from './open-kysely.ts'

/** A fresh queue in a schema of its own. */
export interface Queue {
  readonly db: Kysely<TestSchema>
  /** Connects to the same schema. */
  readonly url: string
  /** The name of the schema, and of the application that its connections say they are. */
  readonly name: string
}

/** Makes a queue for one test, and drops it after that. */
export async function queue(): Promise<Queue> {
  const name = `queue_${randomBytes(8).toString('hex')}`
  const url = new URL(inject('postgresUrl'))
  url.searchParams.set('options', `-c search_path=${name}`)
  url.searchParams.set('application_name', name)
  const db = openKysely(url.href, 20)
  onTestFinished(async () => {
    await sql`drop schema ${sql.id(name)} cascade`.execute(db)
    await db.destroy()
  })
  await sql`create schema ${sql.id(name)}`.execute(db)
  for (const migration of Object.values(jobsMigrations)) await migration.up(db)
  return { db, url: url.href, name }
}
