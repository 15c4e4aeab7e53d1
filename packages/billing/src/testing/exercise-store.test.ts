import { createDatabase, transaction } from '@yuzuru/db'
import { CamelCasePlugin } from 'kysely'
import { describe, onTestFinished, test } from 'vitest'
import { exerciseBillingStore } from './exercise-store.ts'
import { openDatabase } from '../../test/database.ts'
import { kyselyBillingStore } from '../stores/kysely-store.ts'
import { memoryBillingStore } from '../stores/memory-store.ts'

describe('a store in memory', () => {
  for (const { name, run } of exerciseBillingStore(memoryBillingStore)) test(name, run)
})

describe('a store on plain Kysely', () => {
  const cases = exerciseBillingStore(async () => {
    const database = await openDatabase()
    onTestFinished(() => database[Symbol.asyncDispose]())
    return kyselyBillingStore(database.db)
  })
  for (const { name, run } of cases) test(name, run)
})

describe('a store on @yuzuru/db', () => {
  const cases = exerciseBillingStore(async () => {
    const database = await openDatabase()
    const db = createDatabase<unknown>({ url: database.url, plugins: [new CamelCasePlugin()] })
    onTestFinished(async () => {
      await db.close()
      await database[Symbol.asyncDispose]()
    })
    return kyselyBillingStore(db, { transaction: (fn) => transaction(db, fn) })
  })
  for (const { name, run } of cases) test(name, run)
})
