import { randomBytes } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { inject, onTestFinished } from 'vitest'
import { jobsMigrations } from '../src/database/migrations.ts'
import { openKysely, type TestSchema } from './open-kysely.ts'
import { refuseImpossibleStates } from './possible-states.ts'

/** A fresh queue in a schema of its own. */
export interface Queue {
  readonly db: Kysely<TestSchema>
  /** Connects to the same schema. */
  readonly url: string
  /** The name of the schema, and of the application that its connections say they are. */
  readonly name: string
}

/** A queue as it was before later migrations. */
export interface OldQueue extends Queue {
  /** Runs the migrations that are left, or those up to one. */
  readonly migrate: (until?: string) => Promise<void>
}

/** Makes a queue for one test, which refuses what cannot be, and drops it after that. */
export async function queue(): Promise<Queue> {
  const old = await queueAt(undefined)
  await old.migrate()
  await refuseImpossibleStates(old.db)
  return old
}

/** Makes a queue as it was once the migration `last` had run. */
export async function queueAt(last: string | undefined): Promise<OldQueue> {
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
  const names = Object.keys(jobsMigrations).toSorted()
  const run = async (migrations: readonly string[]): Promise<void> => {
    for (const each of migrations) await jobsMigrations[each]?.up(db)
  }
  const upTo = (migration: string): number => names.indexOf(migration) + 1
  const done = last === undefined ? 0 : upTo(last)
  await run(names.slice(0, done))
  const migrate = (until?: string): Promise<void> =>
    run(names.slice(done, until === undefined ? names.length : upTo(until)))
  return { db, url: url.href, name, migrate }
}
