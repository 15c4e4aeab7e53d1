/** A job that exists if, and only if, its transaction commits. */
import { createDatabase, migrate, transaction } from '@yuzuru/db'
import { createWorker, defineJob, enqueue, jobsMigrations } from '@yuzuru/jobs'
import { startPostgres } from '@yuzuru/sandbox'

const remindStaff = defineJob<{ staff: string }>({
  name: 'remind-staff',
  timeoutMs: 30_000,
  run: async ({ staff }, { attempt }) => {
    console.log(`reminding ${staff}, attempt ${attempt}`)
    if (attempt === 1) throw new Error('the line is busy')
  },
  backoff: { baseDelayMs: 0 },
})

await using postgres = await startPostgres()
await using db = createDatabase({ url: postgres.url })
await migrate(db, jobsMigrations)

await transaction(db, async (tx) => {
  await enqueue(tx, remindStaff, { staff: 'Hanako' })
})
const undone = transaction(db, async (tx) => {
  await enqueue(tx, remindStaff, { staff: 'nobody' })
  throw new Error('rolled back')
})
await undone.catch((error: unknown) => console.log(String(error)))

await createWorker(db, { jobs: [remindStaff] }).runUntilIdle()

// Prints:
//   Error: rolled back
//   reminding Hanako, attempt 1
//   reminding Hanako, attempt 2
