/**
 * A worker of graphile-worker in the storm. A `transactional` job has a transaction of its own by `withPgClient`, and is
 * completed after it: that is all there is. The program says by which names it locks jobs.
 */
import { Logger, run, type Task } from 'graphile-worker'
import { Pool } from 'pg'
import { EFFECT, stormArguments, type StormKind } from './storm-effects.ts'

const { url, work } = stormArguments()
const pool = new Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 2_000 })
pool.on('error', () => undefined)
const numberOf = (payload: unknown): number => (payload as { readonly n: number }).n

const plain: Task = async (payload) => {
  await work()
  await pool.query(EFFECT, ['plain' satisfies StormKind, numberOf(payload)])
  await work()
}
const transactional: Task = async (payload, { withPgClient }) => {
  await withPgClient(async (client) => {
    await client.query('begin')
    try {
      await work()
      await client.query(EFFECT, ['transactional' satisfies StormKind, numberOf(payload)])
      await work()
      await client.query('commit')
    } catch (error) {
      await client.query('rollback')
      throw error
    }
  })
}

const runner = await run({
  connectionString: url,
  logger: new Logger(() => () => undefined),
  taskList: { plain, transactional },
  concurrency: 10,
  maxPoolSize: 12,
  pollInterval: 50,
})
runner.events.on('worker:create', ({ worker }) => process.send?.(worker.workerId))
process.send?.('started')
try {
  await runner.promise
} finally {
  process.exit()
}
