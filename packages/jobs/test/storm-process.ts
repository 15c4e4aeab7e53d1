/**
 * A worker of the storm in a process of its own. A `plain` job writes its effect by itself, a `transactional` one in the
 * transaction that completes it, a `stepped` one in a step between others, and a
 * `batched` one in the transaction that completes it with others.
 */
import { run } from '@yuzuru/concurrency'
import { createDatabase, type Queryable, transaction } from '@yuzuru/db'
import { createWorker } from '../src/worker/worker.ts'
import {
  STORM_LEASE_MS,
  stormArguments,
  type StormKind,
  type StormSchema,
} from './storm-effects.ts'
import { stormJobs } from './storm-jobs.ts'

const { url, work } = stormArguments()

const effect = async (db: Queryable<StormSchema>, kind: StormKind, n: number): Promise<void> => {
  await work()
  await db.insertInto('effects').values({ kind, n }).execute()
  await work()
}

await run(async () => {
  await using db = createDatabase<StormSchema>({
    url,
    connectTimeoutMs: 2_000,
    cancelTimeoutMs: 500,
  })
  const jobs = stormJobs({
    plain: (n) => effect(db, 'plain', n),
    transactional: (n, context) =>
      transaction(db, async (tx) => {
        await context.completeIn(tx)
        await effect(tx, 'transactional', n)
      }),
    stepped: async (n, { step }) => {
      const before = await step('before', () => 1)
      await step('effect', db, (tx) => effect(tx, 'stepped', n))
      await step('after', async () => before)
    },
    batched: (n, { tx }) => effect(tx<StormSchema>(), 'batched', n),
  })
  await createWorker(db, {
    jobs: Object.values(jobs),
    leaseMs: STORM_LEASE_MS,
    heartbeatMs: STORM_LEASE_MS / 5,
    pollMs: 50,
    drainMs: 200,
  }).run()
})
