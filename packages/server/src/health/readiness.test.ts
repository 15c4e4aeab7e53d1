import { createDatabase } from '@yuzuru/db'
import { startPostgres } from '@yuzuru/sandbox'
import { describe, expect, test } from 'vitest'
import { readiness, serve } from '../index.ts'

const well = { boundary: 'mail', health: async () => undefined }
const ok = (): Response => new Response('ok')

async function ready(url: string): Promise<unknown> {
  const answer = await fetch(`${url}/readyz`, { headers: { connection: 'close' } })
  return [answer.status, await answer.json()]
}

describe('readiness', () => {
  test('asks each client, and says which one is not there', async () => {
    await using postgres = await startPostgres()
    await using db = createDatabase({ url: postgres.url })
    await using lost = createDatabase({ url: 'postgres://nobody:hunter2@127.0.0.1:1/none' })
    {
      await using server = await serve(ok, {
        lingerMs: 0,
        probes: { checks: readiness([db, well]) },
      })
      expect(await ready(server.url)).toEqual([200, { ok: true, checks: { db: 'ok', mail: 'ok' } }])
    }
    const checks = readiness({ main: db, reports: lost })
    await using server = await serve(ok, { lingerMs: 0, probes: { checks } })
    expect(await ready(server.url)).toEqual([
      503,
      { ok: false, checks: { main: 'ok', reports: 'connection_failed' } },
    ])
  })

  test('takes an own name for what has none', () => {
    const { health } = well
    expect(Object.keys(readiness({ queue: { health } }))).toEqual(['queue'])
    expect(readiness([])).toEqual({})
  })

  test('a name like "__proto__" is a name', () => {
    expect(Object.keys(readiness([{ ...well, boundary: '__proto__' }]))).toEqual(['__proto__'])
  })

  test.each([
    [undefined, 'Expected clients to be a list of clients, or an object of them, got undefined'],
    [7, 'Expected clients to be a list of clients, or an object of them, got 7'],
    [[undefined], 'Expected the client "0" to have a function health, got undefined'],
    [{ db: 7 }, 'Expected the client "db" to have a function health, got 7'],
    [
      [{ health: well.health }],
      'Expected clients[0].boundary to be a text; name it, as in { name: client }, got undefined',
    ],
    [
      [well, well],
      'Expected clients of different boundaries, or an object that names them, got two of "mail"',
    ],
  ])('says what it expects instead of %j', (given, message) => {
    expect(() => readiness(given as never)).toThrow(new TypeError(message))
  })
})
