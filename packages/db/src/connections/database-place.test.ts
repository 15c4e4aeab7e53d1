import { createServer, type AddressInfo } from 'node:net'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'

describe('where the database is', () => {
  test.each([
    (port: number) => ({ host: '[::1]', port }),
    (port: number) => ({ host: '::1', port }),
    (port: number) => ({ url: `postgres://[::1]:${port}/app` }),
    (port: number) => ({ url: `postgres://a:b@/app?host=::1&port=${port}` }),
  ])('is reached at an address of IPv6, however it is written: %#', async (place) => {
    let reached = 0
    const server = createServer((socket) => {
      reached += 1
      socket.destroy()
    })
    await new Promise<void>((resolve) => server.listen(0, '::1', resolve))
    const db = createDatabase(place((server.address() as AddressInfo).port))
    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ code: 'connection_failed' })
    await db.close()
    server.close()
    expect(reached).toBe(1)
  })

  test.each([
    { host: '' },
    { host: '[::1' },
    { host: 'localhost:5432' },
    { host: 'one,two' },
    { host: 'hana:SECRET@localhost' },
    { url: 'postgres://hana:SECRET@[::1/app' },
    { url: 'postgres://hana:SECRET@::1/app' },
    { url: 'postgres://hana:SECRET@localhost:99999/app' },
    { url: 'postgres://hana:SECRET@one:1,two:2/app' },
    { url: 'postgres://hana:SECRET@two words/app' },
    { url: 'postgres://hana:SECRET%e9@localhost/app' },
    { url: 'postgres://hana:SECRET@/app?host=[::1]' },
    { url: 'mysql://hana:SECRET@localhost/app' },
  ])('is said in a way that leads somewhere, or not at all: %j', (place) => {
    const create = (): unknown => createDatabase(place)
    expect(create).toThrow(TypeError)
    expect(create).not.toThrow(/SECRET/)
  })

  test.each([
    { host: '/var/run/postgresql' },
    { url: 'postgres:///app' },
    { url: 'postgres://hana@/app?host=/var/run/postgresql' },
    { url: 'postgres://%2Fvar%2Frun%2Fpostgresql/app' },
    { url: 'postgresql://hana:a b@localhost/app name' },
    { url: 'postgres://hana:100%@localhost/app' },
    { url: 'postgres://db_1.internal/app?sslmode=require' },
  ])('may be anything that pg takes: %j', async (place) => {
    await createDatabase(place).close()
  })
})
