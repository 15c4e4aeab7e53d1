import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { CompiledQuery, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { DbError } from '../wire/db-error.ts'
import { health } from './health.ts'
import { transaction } from '../transactions/transaction.ts'

interface Schema {
  numbers: { n: number }
}

let postgres: PostgresServer
let db: Database<Schema>

beforeAll(async () => {
  postgres = await startPostgres()
  db = createDatabase<Schema>({ url: postgres.url, connections: 1, reads: 'pipelined' })
  await sql`create table numbers (n int)`.execute(db)
})

afterAll(async () => {
  await db.close()
  await postgres.close()
})

const circular: Record<string, unknown> = {}
circular['self'] = circular

/** What no message can be made of, each by another step of making it. */
const WRONG: Record<string, CompiledQuery> = {
  'more parameters than the protocol counts': insertOf(65_536),
  'JSON in a circle': CompiledQuery.raw('select $1::jsonb', [circular]),
  'a bigint in JSON': CompiledQuery.raw('select $1::jsonb', [{ n: 1n }]),
  'a toPostgres that throws': CompiledQuery.raw('select $1::int', [
    {
      toPostgres() {
        throw new Error('no')
      },
    },
  ]),
  'a toJSON that throws no error': CompiledQuery.raw('select $1::jsonb', [
    {
      toJSON() {
        // oxlint-disable-next-line no-throw-literal -- what foreign code may do
        throw 'no'
      },
    },
  ]),
  'a value in an array': CompiledQuery.raw('select $1::jsonb[]', [[circular]]),
  'half a surrogate pair': CompiledQuery.raw('select $1::text', ['a\ud800']),
  'half a surrogate pair in an array': CompiledQuery.raw('select $1::text[]', [['\udc00a']]),
  'an invalid date': CompiledQuery.raw('select $1::text', [new Date(Number.NaN)]),
  'an invalid date in an array': CompiledQuery.raw('select $1::text[]', [[new Date(Number.NaN)]]),
  'a symbol': CompiledQuery.raw('select $1::text', [Symbol('a')]),
  'a function': CompiledQuery.raw('select $1::text', [() => 'a']),
  'a promise that nobody awaited': CompiledQuery.raw('select $1::text', [Promise.resolve('a')]),
  'a Map': CompiledQuery.raw('select $1::jsonb', [new Map([['a', 1]])]),
  'a Set': CompiledQuery.raw('select $1::jsonb', [new Set(['a'])]),
  'a Blob': CompiledQuery.raw('select $1::bytea', [new Blob(['a'])]),
  'more than a message holds': CompiledQuery.raw('select $1::bytea', [Buffer.alloc(2 ** 30)]),
}

function insertOf(count: number): CompiledQuery {
  const places = Array.from({ length: count }, (_, at) => `($${at + 1}::int)`)
  const text = `insert into numbers values ${places.join(', ')}`
  return CompiledQuery.raw(
    text,
    places.map((_, at) => at),
  )
}

describe('a statement that cannot be sent', () => {
  for (const [name, query] of Object.entries(WRONG)) {
    test(`fails before anything is sent, with outcome none: ${name}`, async () => {
      const nowhere = createDatabase<Schema>({ url: 'postgres://127.0.0.1:1/nowhere' })
      for (const on of [nowhere, db]) {
        const failed = on.executeQuery(query)
        await expect(failed).rejects.toBeInstanceOf(DbError)
        await expect(failed).rejects.toMatchObject({
          code: 'invalid_value',
          outcome: 'none',
          retryable: false,
        })
      }
      // The one connection is as it was, and so is a transaction that goes on after it.
      await transaction(db, async (tx) => {
        await tx.insertInto('numbers').values({ n: -1 }).execute()
        await expect(tx.executeQuery(query)).rejects.toMatchObject({ code: 'invalid_value' })
        await tx.deleteFrom('numbers').execute()
      })
      expect((await health(db)).pool).toMatchObject({ used: 0, idle: 1 })
    })
  }

  test('says what to do instead', async () => {
    await expect(db.executeQuery(insertOf(70_000))).rejects.toThrow(
      /at most 65535 parameters, got 70000: .*copyIn/,
    )
  })

  test('is not one with as many parameters as fit', async () => {
    await db.executeQuery(insertOf(65_535))
    const { rows } = await sql<{ n: bigint }>`select count(*) as n from numbers`.execute(db)
    expect(rows).toEqual([{ n: 65_535n }])
  })
})
