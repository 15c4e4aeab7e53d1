/**
 * A worker of pg-boss in the storm. A `transactional` job is one of `work(name, { transactional: true })`, which completes it in the
 * handler's transaction.
 */
import { Pool } from 'pg'
import { PgBoss } from 'pg-boss'
import { EFFECT, stormArguments, type StormKind } from './storm-effects.ts'

const { url, work } = stormArguments()
const pool = new Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 2_000 })
pool.on('error', () => undefined)
const boss = new PgBoss({
  connectionString: url,
  max: 24,
  schedule: false,
  superviseIntervalSeconds: 1,
  monitorIntervalSeconds: 1,
})
boss.on('error', () => undefined)
await boss.start()
const options = { localConcurrency: 10, pollingIntervalSeconds: 0.5 }
await boss.work<{ n: number }>('plain', options, async (jobs) => {
  for (const { data } of jobs) {
    await work()
    await pool.query(EFFECT, ['plain' satisfies StormKind, data.n])
    await work()
  }
})
const inTransaction = { ...options, transactional: true as const }
await boss.work('transactional', inTransaction, async (jobs, tx) => {
  for (const { data } of jobs) {
    await work()
    const { n } = data as { readonly n: number }
    await tx.executeSql(EFFECT, ['transactional' satisfies StormKind, n])
    await work()
  }
})
process.once('SIGTERM', () => {
  const stopped = boss.stop({ graceful: true, timeout: 1_000 })
  stopped.then(
    () => process.exit(),
    () => process.exit(1),
  )
})
