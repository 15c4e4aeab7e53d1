/**
 * Plays so many clients for its parent, which sends `{ url, requests }`: together they send that many
 * requests, each client one after the other, and the answer is how many got the five plans of their office.
 */
import { Pool } from 'undici'
import { OFFICES, PLANS } from './schema.ts'

const CLIENTS = 100

interface Order {
  readonly origin: string
  readonly path: string
  readonly requests: number
}

const pools = new Map<string, Pool>()

async function play({ origin, path, requests }: Order): Promise<number> {
  const pool = pools.get(origin) ?? new Pool(origin, { connections: CLIENTS })
  pools.set(origin, pool)
  let next = 0
  let right = 0
  const client = async (): Promise<void> => {
    while (next < requests) {
      next += 1
      const office = (next % OFFICES) + 1
      const { body } = await pool.request({ method: 'GET', path: `${path}/${office}` })
      const page = (await body.json()) as { office: { id: number }; plans: unknown[] }
      if (page.office.id === office && page.plans.length === PLANS) right += 1
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  return right
}

process.on('message', (order) => {
  void play(order as Order).then((right) => process.send?.(right))
})
process.once('disconnect', () => {
  for (const pool of pools.values()) void pool.destroy()
})
