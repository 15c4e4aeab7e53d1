import { createDatabase, transaction } from '@yuzuru/db'
import { CamelCasePlugin } from 'kysely'
import { describe, test } from 'vitest'
import { exerciseBillingStore } from './exercise-store.ts'
import { openDatabase } from '../../test/database.ts'
import { kyselyBillingStore } from '../stores/kysely-store.ts'
import { memoryBillingStore } from '../stores/memory-store.ts'

describe('a store in memory', () => {
  const cases = exerciseBillingStore(() => ({
    store: memoryBillingStore(),
    [Symbol.asyncDispose]: async () => undefined,
  }))
  for (const { name, run } of cases) test(name, run)
})

describe('a store on plain Kysely', () => {
  const cases = exerciseBillingStore(async () => {
    const database = await openDatabase()
    return { ...database, store: kyselyBillingStore(database.db) }
  })
  for (const { name, run } of cases) test(name, run)
})

describe('a store on @yuzuru/db', () => {
  const cases = exerciseBillingStore(async () => {
    const database = await openDatabase()
    const db = createDatabase<unknown>({ url: database.url, plugins: [new CamelCasePlugin()] })
    return {
      store: kyselyBillingStore(db, { transaction: (fn) => transaction(db, fn) }),
      async [Symbol.asyncDispose]() {
        await db.close()
        await database[Symbol.asyncDispose]()
      },
    }
  })
  for (const { name, run } of cases) test(name, run)
})
