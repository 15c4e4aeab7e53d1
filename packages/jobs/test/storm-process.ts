/**
 * A worker of the storm in a process of its own: `storm-process.ts <url> <skew in ms>`. Its clock is off by the
 * skew. A `plain` job writes its effect by itself, a `transactional` one in the transaction that completes it, a `stepped`
 * one in a step between others.
 */
import { run } from '@yuzuru/concurrency'
import { createDatabase, transaction } from '@yuzuru/db'
import { createWorker } from '../src/worker/worker.ts'
import { effectOf, STORM_LEASE_MS, stormJobs, type StormSchema } from './storm-jobs.ts'

const [url = '', skew = '0'] = process.argv.slice(2)
const now = Date.now
Date.now = () => now() + Number(skew)

await run(async () => {
  await using db = createDatabase<StormSchema>({
    url,
    connectTimeoutMs: 2_000,
    cancelTimeoutMs: 500,
  })
  const jobs = stormJobs({
    plain: (id) => effectOf(db, id),
    transactional: (_id, context) =>
      transaction(db, async (tx) => {
        await context.completeIn(tx)
        await effectOf(tx, context.jobId)
      }),
    stepped: async (_id, { jobId, step }) => {
      const n = await step('before', () => 1)
      await step('effect', db, (tx) => effectOf(tx, jobId))
      await step('after', async () => n)
    },
  })
  await createWorker(db, {
    jobs: Object.values(jobs),
    leaseMs: STORM_LEASE_MS,
    heartbeatMs: STORM_LEASE_MS / 5,
    pollMs: 50,
    drainMs: 200,
  }).run()
})
