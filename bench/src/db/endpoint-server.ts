import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** An office and its plans: two indexed SELECTs, one after the other. */
export async function page(db: Kysely<Schema>, id: number): Promise<unknown> {
  const office = await db
    .selectFrom('offices')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const plans = await db.selectFrom('plans').selectAll().where('office_id', '=', id).execute()
  return { office, plans }
}

/** Serves `/NAME/ID` from the database of that name. Returns its origin. */
export async function serveOffices(
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
