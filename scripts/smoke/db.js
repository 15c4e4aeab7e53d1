import assert from 'node:assert/strict'
import { createDatabase, DbError, transaction } from '@yuzuru/db'
import { sql } from 'kysely'

// Nobody listens there: the failure must be clear, and nothing may have happened.
await using db = createDatabase({ url: 'postgres://nobody:x@127.0.0.1:1/none' })
const query = transaction(db, (tx) => sql`select 1`.execute(tx))
await assert.rejects(query, (error) => DbError.isInstance(error) && error.outcome === 'none')
console.log('ok')
