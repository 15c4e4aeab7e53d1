import { request } from 'node:http'
import { createDatabase } from '@yuzuru/db'
import { serve } from '@yuzuru/server'
import { sql } from 'kysely'
import { Client } from 'pg'
import type { Benchmark } from '../benchmark.ts'
import { type Schema, startWithOffices } from '../db/schema.ts'
import { sleepingUntil } from '../db/sleeping.ts'
import { quantileOf } from '../statistics.ts'

const TIMES = 100

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: `a client that leaves during a query of 5 seconds, ${TIMES} times`,
  bars: {
    'its query is gone, median': { atMost: 100 },
    'its query is gone, the slowest': { atMost: 100 },
  },
  async measure(resources) {
    const url = await startWithOffices(resources)
    const db = resources.use(createDatabase<Schema>({ url, connections: 2 }))
    const watcher = resources.adopt(new Client(url), (it) => it.end())
    await watcher.connect()
    const app = async (): Promise<Response> => {
      await sql`select pg_sleep(5)`.execute(db)
      return new Response('It ran to its end')
    }
    const server = resources.use(await serve(app, { lingerMs: 0, log: { info() {} } }))
    const gone: number[] = []
    for (let time = 0; time < TIMES; time += 1) {
      const leaving = request(server.url, { agent: false }).on('error', () => {})
      leaving.end()
      await sleepingUntil(watcher, 1)
      const left = performance.now()
      leaving.destroy()
      gone.push((await sleepingUntil(watcher, 0)) - left)
    }
    return [
      { name: 'its query is gone, median', value: quantileOf(gone, 0.5), unit: 'ms' },
      { name: 'its query is gone, the slowest', value: quantileOf(gone, 1), unit: 'ms' },
    ]
  },
}
