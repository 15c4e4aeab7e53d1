/**
 * A hundred clients in a process of their own, for a parent that sends `{ origin, path, requests }`: together
 * they send that many requests, each client one after the other, and the answer is how many came back right.
 */
import { type Dispatcher, Pool } from 'undici'

const CLIENTS = 100

interface Order {
  readonly origin: string
  readonly path: string
  readonly requests: number
}

/** Sends the nth request, and says whether its answer is as it should be. */
export type Send = (pool: Dispatcher, path: string, nth: number) => Promise<boolean>

/** Takes orders until the parent has gone. */
export function playClients(send: Send): void {
  const pools = new Map<string, Pool>()
  const play = async ({ origin, path, requests }: Order): Promise<number> => {
    const pool = pools.get(origin) ?? new Pool(origin, { connections: CLIENTS })
    pools.set(origin, pool)
    let next = 0
    let right = 0
    const client = async (): Promise<void> => {
      while (next < requests) {
        next += 1
        if (await send(pool, path, next)) right += 1
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
}
