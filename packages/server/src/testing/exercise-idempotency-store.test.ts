import { createDatabase, transaction } from '@yuzuru/db'
import { CamelCasePlugin } from 'kysely'
import { describe, test } from 'vitest'
import { openDatabase } from '../../test/database.ts'
import { kyselyIdempotencyStore } from '../idempotency/kysely-idempotency-store.ts'
import { exerciseIdempotencyStore } from './exercise-idempotency-store.ts'
import { memoryIdempotencyStore } from './memory-idempotency-store.ts'

describe('a store in memory', () => {
  const cases = exerciseIdempotencyStore(() => ({
    store: memoryIdempotencyStore(),
    [Symbol.asyncDispose]: async () => undefined,
  }))
  for (const { name, run } of cases) test(name, run)
})

describe('a store on plain Kysely', () => {
  const cases = exerciseIdempotencyStore(async () => {
    const database = await openDatabase()
    return { ...database, store: kyselyIdempotencyStore(database.db) }
  })
  for (const { name, run } of cases) test(name, run)
})

describe('a store on @yuzuru/db', () => {
  const cases = exerciseIdempotencyStore(async () => {
    const database = await openDatabase()
    const plugins = [new CamelCasePlugin()]
    const db = createDatabase<unknown>({ url: database.url, plugins })
    return {
      store: kyselyIdempotencyStore(db, {
        transaction: (fn) => transaction(db, fn, { allowNested: true }),
      }),
      async [Symbol.asyncDispose]() {
        await db.close()
        await database[Symbol.asyncDispose]()
      },
    }
  })
  for (const { name, run } of cases) test(name, run)
})
