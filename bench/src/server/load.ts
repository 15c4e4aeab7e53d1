/**
 * Plays a hundred clients for its parent, which sends `{ origin, path, requests }`: together they send that
 * many requests, each client one after the other, and the answer is how many were answered as they should be.
 */
import { Pool } from 'undici'

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
      const { statusCode, body } = await pool.request({ method: 'GET', path })
      if (statusCode === 200 && (await body.text()) === '{"hello":"world"}') right += 1
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
