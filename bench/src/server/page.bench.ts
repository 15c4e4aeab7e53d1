import { createDatabase } from '@yuzuru/db'
import { serve } from '@yuzuru/server'
import { Hono } from 'hono'
import type { Kysely } from 'kysely'
import type { Benchmark, Case } from '../benchmark.ts'
import { bareKysely } from '../db/bare-kysely.ts'
import { page } from '../db/endpoint-server.ts'
import { type Schema, startWithOffices } from '../db/schema.ts'
import { startPeer } from '../peer.ts'
import { bareHono } from './bare-hono.ts'

const REQUESTS = 2_000
const CONNECTIONS = 10

function offices(db: Kysely<Schema>): Hono {
  return new Hono().get('/:id', async (c) =>
    c.json((await page(db, Number(c.req.param('id')))) as object),
  )
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'a page of two indexed SELECTs over hono, 100 clients, pools of 10',
  operation: 'request',
  clock: 'wall',
  warmUpMs: 2_000,
  bars: [{ of: 'yuzuru', against: 'bare hono, bare Kysely', atLeast: 0.93 }],
  async cases(resources) {
    const url = await startWithOffices(resources)
    const db = resources.use(createDatabase<Schema>({ url, connections: CONNECTIONS }))
    const bareDb = resources.use(bareKysely(url, CONNECTIONS))
    const ours = resources.use(await serve(offices(db), { lingerMs: 0, log: { info() {} } }))
    const bare = await bareHono(offices(bareDb), resources)
    const clients = resources.use(startPeer(import.meta.resolve('../db/load.ts')))
    const through = (name: string, origin: string): Case => ({
      name,
      operations: REQUESTS,
      expected: REQUESTS,
      run: () => clients.ask({ origin, path: '', requests: REQUESTS }),
    })
    return [through('yuzuru', ours.url), through('bare hono, bare Kysely', bare)]
  },
}
