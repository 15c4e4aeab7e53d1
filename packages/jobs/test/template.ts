import { sql } from 'kysely'
import { jobsMigrations } from '../src/database/migrations.ts'
import { openKysely } from './open-kysely.ts'
import { refuseImpossibleStates } from './possible-states.ts'

/** The database that each test's queue is a copy of: to copy one takes a quarter of the time of all migrations. */
export const TEMPLATE = 'queue_template'

/** Makes it on the server that all test files share. */
export async function makeTemplate(serverUrl: string): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const server = stack.adopt(openKysely(serverUrl, 1), (it) => it.destroy())
  await sql`create database ${sql.id(TEMPLATE)}`.execute(server)
  const url = new URL(serverUrl)
  url.pathname = TEMPLATE
  const db = stack.adopt(openKysely(url.href, 1), (it) => it.destroy())
  for (const name of Object.keys(jobsMigrations).toSorted()) await jobsMigrations[name]?.up(db)
  await refuseImpossibleStates(db)
}
