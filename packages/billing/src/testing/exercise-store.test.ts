import { createDatabase, type Database, transaction } from '@yuzuru/db'
import { CamelCasePlugin } from 'kysely'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type BillingStoreFixture, exerciseBillingStore } from './exercise-store.ts'
import { openDatabase, type TestDatabase } from '../../test/database.ts'
import type { BillingStore } from '../stores/billing-store.ts'
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

describe.each(['repeatable read', 'serializable'])('where sessions default to %s', (level) => {
  const open: { database?: TestDatabase; db?: Database<unknown> } = {}
  beforeAll(async () => {
    open.database = await openDatabase(level)
    open.db = createDatabase<unknown>({ url: open.database.url })
  })
  afterAll(async () => {
    await open.db?.close()
    await open.database?.[Symbol.asyncDispose]()
  })
  const fixture = (store: BillingStore): BillingStoreFixture => ({
    store,
    [Symbol.asyncDispose]: async () => undefined,
  })

  const plain = exerciseBillingStore(() => fixture(kyselyBillingStore(open.database!.db)))
  for (const { name, run } of plain) test(`plain Kysely: ${name}`, run)

  const own = exerciseBillingStore(() => {
    const db = open.db!
    const repeated = { attempts: 1_000 }
    return fixture(kyselyBillingStore(db, { transaction: (fn) => transaction(db, fn, repeated) }))
  })
  for (const { name, run } of own) test(`@yuzuru/db: ${name}`, run)
})
