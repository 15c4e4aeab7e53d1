/** A real PostgreSQL, and a COMMIT whose answer is lost on the way: it is done, and its caller cannot know. */
import { createDatabase, DbError, transaction } from '@yuzuru/db'
import { startSandbox } from '@yuzuru/sandbox'
import { sql } from 'kysely'

await using sandbox = await startSandbox({ services: ['postgres'] })
const url = await sandbox.postgres.createDatabase()
const proxy = await sandbox.faults.inFrontOf('postgres')
await using direct = createDatabase({ url })
await using db = createDatabase({ url: proxy.url(url) })
await sql`create table charges (yen int)`.execute(direct)

proxy.set({ dropReply: { when: 'commit', times: 1 } })
try {
  await transaction(db, (tx) => sql`insert into charges values (9800)`.execute(tx))
} catch (error) {
  if (!DbError.isInstance(error)) throw error
  console.log(error.code, error.outcome)
}
const { rows } = await sql`select yen from charges`.execute(direct)
console.log(rows)

// Prints:
//   commit_unknown unknown
//   [ { yen: 9800 } ]
