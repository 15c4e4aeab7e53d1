import { createDatabase } from '@yuzuru/db'
import { sql } from 'kysely'
import { Pool } from 'pg'
import type { Benchmark } from '../benchmark.ts'
import { quantileOf } from '../statistics.ts'
import { type Schema, startWithOffices } from './schema.ts'

const REQUESTS = 100
const TIMES = 15

/** Has all requests make their two reads side by side, and tells how long the last one took, in milliseconds. */
async function together(read: () => Promise<{ rows: readonly unknown[] }>): Promise<number> {
  const before = performance.now()
  let right = 0
  const request = async (): Promise<void> => {
    for (let time = 0; time < 2; time += 1) {
      const { rows } = await read()
      right += rows.length
    }
  }
  await Promise.all(Array.from({ length: REQUESTS }, request))
  if (right !== 2 * REQUESTS) throw new Error(`${right} of ${2 * REQUESTS} reads were answered`)
  return performance.now() - before
}

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: `${REQUESTS} requests of two reads of 30 ms together, pools of ${REQUESTS}; the least is 60 ms`,
  bars: {
    yuzuru: { atMost: 110 },
    'yuzuru / bare pg': { atMost: 1.1 },
  },
  async measure(resources) {
    const url = await startWithOffices(resources, { max_connections: '250' })
    const db = resources.use(createDatabase<Schema>({ url, connections: REQUESTS }))
    const pool = resources.adopt(new Pool({ connectionString: url, max: REQUESTS }), (it) =>
      it.end(),
    )
    const ours = (): Promise<number> => together(() => sql`select pg_sleep(0.03)`.execute(db))
    const bare = (): Promise<number> => together(() => pool.query('select pg_sleep(0.03)'))
    const times = { ours: [] as number[], bare: [] as number[], ratio: [] as number[] }
    // The first turn of each makes the connections.
    for (let time = -2; time < TIMES; time += 1) {
      const oursFirst = time % 2 === 0
      const first = await (oursFirst ? ours() : bare())
      const second = await (oursFirst ? bare() : ours())
      if (time < 0) continue
      const [our, their] = oursFirst ? [first, second] : [second, first]
      times.ours.push(our)
      times.bare.push(their)
      times.ratio.push(our / their)
    }
    return [
      { name: 'yuzuru', value: quantileOf(times.ours, 0.5), unit: 'ms' },
      { name: 'bare pg', value: quantileOf(times.bare, 0.5), unit: 'ms' },
      { name: 'yuzuru / bare pg', value: quantileOf(times.ratio, 0.5), unit: '×' },
    ]
  },
}
