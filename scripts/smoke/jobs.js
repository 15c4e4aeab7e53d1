import assert from 'node:assert/strict'
import { createWorker, defineJob, jobsMigrations } from '@yuzuru/jobs'
import { createDatabase } from '@yuzuru/db'

await using db = createDatabase({ url: 'postgres://nobody:x@127.0.0.1:1/none' })
const job = defineJob({ name: 'greet', run: async () => undefined })
assert.equal(Object.keys(jobsMigrations).length > 0, true)
// Nobody listens there: a worker must say so rather than wait for ever.
await assert.rejects(createWorker(db, { jobs: [job] }).runUntilIdle(), { outcome: 'none' })
console.log('ok')
