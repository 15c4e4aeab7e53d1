/** Kysely on PostgreSQL: a transaction that is undone whole, and a query that its deadline ends on the server too. */
import { TimeoutError, withTimeout } from '@yuzuru/concurrency'
import { createDatabase, transaction } from '@yuzuru/db'
import { startPostgres } from '@yuzuru/sandbox'
import { sql } from 'kysely'

interface Schema {
  accounts: { id: number; balance: number }
}

await using postgres = await startPostgres()
await using db = createDatabase<Schema>({ url: postgres.url })
await sql`create table accounts (id int primary key, balance int)`.execute(db)
await db.insertInto('accounts').values({ id: 1, balance: 100 }).execute()

const spent = transaction(db, async (tx) => {
  await tx.updateTable('accounts').set({ balance: 0 }).execute()
  throw new Error('changed my mind')
})
await spent.catch((error: unknown) => console.log(String(error)))
console.log(await db.selectFrom('accounts').selectAll().execute())

const slow = withTimeout(200, () => sql`select pg_sleep(600) as slow`.execute(db))
await slow.catch((error: unknown) => console.log(TimeoutError.isInstance(error)))
const { rows } = await sql`
  select from pg_stat_activity where state = 'active' and query like '%as slow'`.execute(db)
console.log(`${rows.length} of it run on the server`)

// Prints:
//   Error: changed my mind
//   [ { id: 1, balance: 100 } ]
//   true
//   0 of it run on the server
