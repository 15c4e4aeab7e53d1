import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { taskTree, type TaskTreeNode } from '@yuzuru/concurrency/inspect'
import { createDatabase, type Database } from '@yuzuru/db'
import { Dice, dialogueRuns } from '@yuzuru/tooling/dialogues'
import { Hono } from 'hono'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { startWatchedPostgres, type WatchedPostgres } from '../test/watched-postgres.ts'
import type { FetchApp } from './listening/app.ts'
import type { HttpServer } from './listening/http-server.ts'
import { serve } from './listening/serve.ts'
import { problem } from './problems/problem.ts'

/*
 * `YUZURU_RUNS=10000 pnpm test src/leaving-clients.test.ts` has so many clients leave, `YUZURU_SEED=7` at
 * other moments, and prints how long the query of a client outlives it.
 */

let postgres: WatchedPostgres
beforeAll(async () => {
  postgres = await startWatchedPostgres()
})
afterAll(() => postgres[Symbol.asyncDispose]())

const NAME = 'leaving'
const CONNECTIONS = 8

const openDatabase = (): Database<unknown> =>
  createDatabase({ url: postgres.server.url, applicationName: NAME, connections: CONNECTIONS })

const app = (db: Database<unknown>): FetchApp =>
  new Hono()
    .get('/sleep', async (c) => {
      await sql`select pg_sleep(5)`.execute(db)
      return c.text('awake')
    })
    .get('/twice', async (c) => {
      await sql`select 1`.execute(db)
      await sql`select pg_sleep(0.002)`.execute(db)
      return c.text('twice')
    })
    .onError((error, c) => problem(error, c.req.header('accept')))

test('a query of five seconds ends when its client leaves', async () => {
  await using db = openDatabase()
  await using server = await serve(app(db), { lingerMs: 0 })
  const { runs } = dialogueRuns(5)
  const outlived: number[] = []
  for (let run = 0; run < Math.min(runs, 200); run += 1) {
    const leaving = httpRequest(`${server.url}/sleep`, { agent: false })
    leaving.on('error', () => {}).end()
    await postgres.asleep(1)
    const leftAt = performance.now()
    leaving.destroy()
    await postgres.asleep(0)
    outlived.push(performance.now() - leftAt)
  }
  // It would have slept on for five seconds.
  expect(Math.max(...outlived)).toBeLessThan(2_500)
  if (process.env['YUZURU_RUNS'] !== undefined) {
    const sorted = outlived.toSorted((a, b) => a - b)
    const at = (part: number): string =>
      (sorted[Math.floor(part * (sorted.length - 1))] ?? 0).toFixed(1)
    console.log(`a query outlives its client by ${at(0)} to ${at(1)} ms, median ${at(0.5)}`)
  }
})

/** How a client leaves. */
const WAYS = ['destroy', 'reset', 'end', 'destroy before the answer'] as const

/** One client: it sends a request or two, and is gone after a random number of turns of the event loop. */
async function comeAndGo(server: HttpServer, dice: Dice): Promise<void> {
  const socket = connect(server.port, '127.0.0.1')
    .on('error', () => {})
    .resume()
  const closed = once(socket, 'close')
  await once(socket, 'connect')
  const path = dice.pick(['/sleep', '/sleep', '/twice'])
  const head = `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
  socket.write(dice.below(10) === 0 ? head.slice(0, dice.below(head.length)) : head)
  if (dice.below(5) === 0) socket.write(`GET /twice HTTP/1.1\r\nHost: a\r\n\r\n`)
  const turns = dice.pick([0, 1, 5, 20, 100])
  for (let turn = dice.below(turns + 1); turn > 0; turn -= 1) {
    await new Promise((resolve) => void setImmediate(resolve))
  }
  const way = dice.pick(WAYS)
  if (way === 'reset') socket.resetAndDestroy()
  else if (way === 'end') socket.end()
  else socket.destroy()
  await closed
}

test(
  'clients that leave at random moments leave nothing behind',
  async () => {
    const warn = vi.spyOn(process, 'emitWarning')
    onTestFinished(() => warn.mockRestore())
    const { runs, first } = dialogueRuns(400)
    await using db = openDatabase()
    const server = await serve(app(db), {
      lingerMs: 0,
      graceMs: 60_000,
      limits: { idleTimeoutMs: 50 },
    })
    const listenersBefore = countListeners()
    let seed = first
    const client = async (): Promise<void> => {
      while (seed < first + runs) {
        seed += 1
        await comeAndGo(server, new Dice(seed))
      }
    }
    await Promise.all(Array.from({ length: 24 }, () => client()))
    // No query: each ends long before its five seconds.
    await postgres.asleep(0)
    // No request, no connection.
    while (server.active > 0 || (await connectionsOf(server)) > 0) {
      await new Promise((resolve) => void setImmediate(resolve))
    }
    // No scope but those of the server’s own life, no listener, and the pool as it may be.
    expect(requestsIn(taskTree({ limit: Infinity, total: Infinity }))).toEqual([])
    // The core has one for all scopes, from the first cancel on.
    expect(countListeners() - listenersBefore).toBeLessThanOrEqual(1)
    expect(await postgres.connectionsOf(NAME)).toBeLessThanOrEqual(CONNECTIONS)
    // It still serves, with all that it has.
    const answers = Array.from({ length: CONNECTIONS * 2 }, async () => {
      const answer = await fetch(`${server.url}/twice`, { headers: { connection: 'close' } })
      return await answer.text()
    })
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['twice']))
    await server.close()
    await db.close()
    while ((await postgres.connectionsOf(NAME)) > 0);
    expect(warn.mock.calls).toEqual([])
  },
  dialogueRuns(400).timeout,
)

async function connectionsOf({ client }: HttpServer): Promise<number> {
  return await new Promise((resolve, reject) => {
    client.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
  })
}

function countListeners(): number {
  return process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)
}

function requestsIn(nodes: readonly TaskTreeNode[]): string[] {
  return nodes.flatMap(({ name, children }) => [
    ...(name.startsWith('GET ') ? [name] : []),
    ...requestsIn(children),
  ])
}
