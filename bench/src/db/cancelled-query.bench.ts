import { Client } from 'pg'
import { sql } from 'kysely'
import { taskGroup } from '@yuzuru/concurrency'
import { createDatabase } from '@yuzuru/db'
import type { Benchmark } from '../benchmark.ts'
import { quantileOf } from '../statistics.ts'
import { type Schema, startWithOffices } from './schema.ts'
import { sleepingUntil } from './sleeping.ts'

const TIMES = 100

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: `a query of 5 seconds, cancelled ${TIMES} times`,
  bars: {
    'gone from the server, median': { atMost: 50 },
    'gone, 19 of 20': { atMost: 50 },
  },
  async measure(resources) {
    const url = await startWithOffices(resources)
    const db = resources.use(createDatabase<Schema>({ url, connections: 2 }))
    const watcher = resources.adopt(new Client(url), (it) => it.end())
    await watcher.connect()
    const gone: number[] = []
    const rejected: number[] = []
    for (let time = 0; time < TIMES; time += 1) {
      let asked = 0
      let gotOver = 0
      await taskGroup(async (group) => {
        const query = group.spawn(() => sql`select pg_sleep(5)`.execute(db))
        const over = query.then(
          () => {
            throw new Error('It ran to its end')
          },
          () => (gotOver = performance.now()),
        )
        await sleepingUntil(watcher, 1)
        asked = performance.now()
        query.cancel()
        gone.push((await sleepingUntil(watcher, 0)) - asked)
        await over
      })
      rejected.push(gotOver - asked)
    }
    return [
      {
        name: 'gone from the server, median',
        value: quantileOf(gone, 0.5),
        unit: 'ms',
      },
      { name: 'gone, 19 of 20', value: quantileOf(gone, 0.95), unit: 'ms' },
      { name: 'gone, the slowest', value: quantileOf(gone, 1), unit: 'ms' },
      { name: 'rejected, median', value: quantileOf(rejected, 0.5), unit: 'ms' },
    ]
  },
}
