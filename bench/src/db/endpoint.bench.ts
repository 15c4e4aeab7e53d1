import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Kysely } from 'kysely'
import { createDatabase } from '@yuzuru/db'
import type { Benchmark, Case } from '../benchmark.ts'
import { startPeer } from '../peer.ts'
import { bareKysely } from './bare-kysely.ts'
import { type Schema, startWithOffices } from './schema.ts'

const REQUESTS = 2_000
const CONNECTIONS = 10

async function page(db: Kysely<Schema>, id: number): Promise<unknown> {
  const office = await db
    .selectFrom('offices')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const plans = await db.selectFrom('plans').selectAll().where('office_id', '=', id).execute()
  return { office, plans }
}

/** Serves `/NAME/ID` from the database of that name. */
async function serve(
  databases: ReadonlyMap<string, Kysely<Schema>>,
  resources: AsyncDisposableStack,
): Promise<string> {
  const answer = async (url: string, response: ServerResponse): Promise<void> => {
    const [, name = '', id = ''] = url.split('/')
    const db = databases.get(name)
    if (db === undefined) throw new Error(`There is no database ${name}`)
    const body = JSON.stringify(await page(db, Number(id)))
    response.writeHead(200, { 'content-type': 'application/json' }).end(body)
  }
  const server = createServer((request, response) => {
    answer(request.url ?? '', response).catch((error: unknown) => response.destroy(error as Error))
  })
  server.keepAliveTimeout = 60_000
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  resources.defer(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'an endpoint of two indexed SELECTs, 100 clients, pools of 10',
  operation: 'query',
  clock: 'wall',
  bars: [
    { of: 'yuzuru', against: 'bare Kysely', atLeast: 0.95 },
    { of: 'yuzuru', against: 'bare Kysely', addedMicrosecondsAtMost: 10 },
  ],
  async cases(resources) {
    const url = await startWithOffices(resources)
    const databases = new Map<string, Kysely<Schema>>([
      ['ours', resources.use(createDatabase<Schema>({ url, pool: { max: CONNECTIONS } }))],
      ['bare', resources.use(bareKysely(url, CONNECTIONS))],
    ])
    const origin = await serve(databases, resources)
    const clients = resources.use(startPeer(import.meta.resolve('./load.ts')))
    const through = (name: string, path: string): Case => {
      const order = { origin, path, requests: REQUESTS }
      return {
        name,
        operations: REQUESTS * 2,
        expected: REQUESTS,
        run: () => clients.ask(order),
      }
    }
    return [through('yuzuru', '/ours'), through('bare Kysely', '/bare')]
  },
}
