import { moveOnAfter } from '@yuzuru/concurrency'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { sql } from 'kysely'
import { Pool } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'

/** A message of the server. https://www.postgresql.org/docs/current/protocol-message-formats.html */
function message(type: string, body: string): Buffer {
  const bytes = Buffer.from(body, 'latin1')
  const size = Buffer.alloc(4)
  size.writeInt32BE(bytes.length + 4)
  return Buffer.concat([Buffer.from(type), size, bytes])
}

const READY = Buffer.concat([message('R', '\0\0\0\0'), message('Z', 'I')])
const GOODBYE = message(
  'E',
  'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0',
)

let server: Server
let port: number
let goodbyes: number
let lastWords: Buffer

/** A server that kills every connection in the chunk that makes it ready. */
beforeEach(async () => {
  goodbyes = 0
  lastWords = Buffer.concat([READY, GOODBYE])
  server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      goodbyes += 1
      if (lastWords === READY) socket.write(lastWords)
      else socket.end(lastWords)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ;({ port } = server.address() as AddressInfo)
})

afterEach(() => void server.close())

const poolOf = (options: object = {}): Pool =>
  new Pool({ host: '127.0.0.1', port, user: 'x', password: 'x', database: 'x', ...options })

describe('a pool that was passed in', () => {
  test('loses a client in the moment of its hand-over without ending the process', async () => {
    const pool = poolOf({ max: 3 })
    const db = createDatabase<object>({ client: pool })
    const failed = Array.from({ length: 9 }, () => sql`insert into x values (1)`.execute(db))

    for (const each of await Promise.allSettled(failed)) {
      expect(each).toMatchObject({
        status: 'rejected',
        // Nothing was sent.
        reason: { code: 'connection_lost', outcome: 'none', retryable: true },
      })
    }
    expect(goodbyes).toBe(9)
    await pool.end()
  })

  test('lends clients to others too, which are theirs to listen to', async () => {
    lastWords = READY
    const pool = poolOf({ max: 2 })
    const db = createDatabase<object>({ client: pool, cancelTimeoutMs: 1 })
    const ours = moveOnAfter(20, () => sql`select 1`.execute(db))
    const theirs = await pool.connect()

    expect(await ours).toMatchObject({ expired: true })
    // Ours may still be on its way into the hands of nobody, on a machine that is busy.
    await expect.poll(() => theirs.listenerCount('error')).toBe(0)
    theirs.release(true)
    await pool.end()
  })

  test('is heard by one listener, however many databases use it', async () => {
    const pool = poolOf()
    for (let count = 0; count < 20; count += 1) {
      const db = createDatabase<object>({ client: pool })
      await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ code: 'connection_lost' })
    }

    expect(pool.listenerCount('acquire')).toBe(1)
    await pool.end()
  })
})
