import { randomBytes } from 'node:crypto'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { inject, onTestFinished } from 'vitest'
import { jobsMigrations } from '../src/database/migrations.ts'
import { openKysely, type TestSchema } from './open-kysely.ts'
import { TEMPLATE } from './template.ts'

/** A fresh queue. */
export interface Queue {
  readonly db: Kysely<TestSchema>
  /** Connects to the same queue. */
  readonly url: string
  /** No other queue has it; its connections say that they are the application of this name. */
  readonly name: string
}

/** A queue as it was before later migrations, in a schema of its own. */
export interface OldQueue extends Queue {
  /** Runs the migrations that are left, or those up to one. */
  readonly migrate: (until?: string) => Promise<void>
}

/** Makes a queue for one test in a database of its own, which refuses what cannot be, and drops it after that. */
export async function queue(): Promise<Queue> {
  const name = newName()
  await alone(sql`create database ${sql.id(name)} template ${sql.id(TEMPLATE)} strategy file_copy`)
  const url = new URL(inject('postgresUrl'))
  url.pathname = name
  url.searchParams.set('application_name', name)
  const db = openKysely(url.href, 20)
  onTestFinished(async () => {
    await db.destroy()
    await alone(sql`drop database ${sql.id(name)} with (force)`)
  })
  return { db, url: url.href, name }
}

/** Runs one statement of the whole server, on a connection for it. */
async function alone(statement: RawBuilder<unknown>): Promise<void> {
  const server = openKysely(inject('postgresUrl'), 1)
  try {
    await statement.execute(server)
  } finally {
    await server.destroy()
  }
}

const newName = (): string => `queue_${randomBytes(8).toString('hex')}`

/** Makes a queue as it was once the migration `last` had run, for one test. */
export async function queueAt(last: string): Promise<OldQueue> {
  const name = newName()
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
  const done = upTo(last)
  await run(names.slice(0, done))
  const migrate = (until?: string): Promise<void> =>
    run(names.slice(done, until === undefined ? names.length : upTo(until)))
  return { db, url: url.href, name, migrate }
}
