/**
 * A worker in a process of its own, `dying-batch-process.ts <url> <die at>`. It kills its process at that place of the
 * transaction of its first batch: place 2n is before its statement n is sent, place 2n + 1 when it was answered.
 */
import { run } from '@yuzuru/concurrency'
import { Kysely, PostgresDialect } from 'kysely'
import { Pool, type PoolClient } from 'pg'
import { createWorker } from '../src/worker/worker.ts'
import { dyingBatch, SIZE } from './dying-batch.ts'
import { openKysely } from './open-kysely.ts'
import './keep-compiled.ts'

const [url = '', dieAt = ''] = process.argv.slice(2)
let place = 0

function at(): void {
  if (place === Number(dieAt)) process.kill(process.pid, 'SIGKILL')
  place += 1
}

await run(async () => {
  const pool = new Pool({ connectionString: url, max: 1 })
  pool.on('connect', (client: PoolClient) => {
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>
    const counted = async (...args: unknown[]): Promise<unknown> => {
      at()
      const answer = await query(...args)
      at()
      return answer
    }
    Object.assign(client, { query: counted })
  })
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  const engine = openKysely(url, 5) as unknown as Kysely<unknown>
  try {
    await createWorker(db, { jobs: [dyingBatch()], concurrency: SIZE, engine, pollMs: 20 }).run()
  } finally {
    await db.destroy()
    await engine.destroy()
  }
})
