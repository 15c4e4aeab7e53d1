import { type PostgresServer, startPostgres } from '@yuzuru/sandbox'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { beside } from './beside.ts'
import { createDatabase } from './create-database.ts'
import { health } from './statements/health.ts'

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await startPostgres()
})

afterAll(() => postgres.close())

describe('beside', () => {
  test('makes connections while all those of the other are in use', async () => {
    await using db = createDatabase({ url: postgres.url, connections: 1, applicationName: 'other' })
    await using own = beside(db, { connections: 2 })
    await db.connection().execute(async () => {
      const { rows } = await sql<{
        name: string
      }>`select current_setting('application_name') as name`.execute(own ?? db)
      expect(rows).toEqual([{ name: 'other' }])
    })
    expect((await health(own ?? db)).pool.connections).toBe(2)
  })

  test('makes none through a pool that was passed in, and on another Kysely', async () => {
    const pool = new Pool({ connectionString: postgres.url })
    await using given = createDatabase({ client: pool })
    const plain = new Kysely<object>({ dialect: new PostgresDialect({ pool }) })
    expect(beside(given)).toBeUndefined()
    expect(beside(plain)).toBeUndefined()
    await pool.end()
  })

  test('refuses a misspelt option before anything is made', async () => {
    await using db = createDatabase({ url: postgres.url })
    expect(() => beside(db, { connection: 2 } as never)).toThrow('did you mean "connections"')
  })
})
