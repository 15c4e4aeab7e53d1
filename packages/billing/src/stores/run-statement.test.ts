import { createDatabase, migrate } from '@yuzuru/db'
import { type PostgresServer, startPostgres } from '@yuzuru/sandbox'
import { Kysely, PostgresDialect } from 'kysely'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BillingError } from '../billing-error.ts'
import { billingMigrations, kyselyBillingStore } from '../kysely.ts'
import { createFakeBilling } from '../testing.ts'

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.close())

const customer = { email: 'hanako@example.jp' }
const successUrl = 'https://app.example.jp/billing'

describe('a billing whose tables are not there', () => {
  test('says on which migrations it waits, of every verb, and asks Stripe nothing', async () => {
    await using db = createDatabase({ url: await postgres.createDatabase() })
    await using billing = createFakeBilling({ store: kyselyBillingStore(db) })
    const verbs = [
      () => billing.status('office-1'),
      () => billing.ensureCustomer({ reference: 'office-1', ...customer }),
      () => billing.checkout('office-1', { price: 'price_basic', successUrl, customer }),
      () => billing.cancel('office-1'),
      () => billing.sync('office-1'),
    ]
    for (const verb of verbs) {
      const error = await verb().catch((error: unknown) => error)
      expect(BillingError.isInstance(error)).toBe(true)
      expect(error).toMatchObject({
        code: 'not_migrated',
        outcome: 'none',
        message: expect.stringContaining('run migrate(db, [billingMigrations]) first'),
      })
    }
    expect(billing.customers).toEqual([])
    await migrate(db, billingMigrations)
    expect((await billing.status('office-1')).status).toBe('none')
  })

  test('says so on a Kysely of your own', async () => {
    const pool = new Pool({ connectionString: await postgres.createDatabase() })
    const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
    await using billing = createFakeBilling({ store: kyselyBillingStore(db) })
    await expect(billing.status('office-1')).rejects.toMatchObject({ code: 'not_migrated' })
    await db.destroy()
  })
})
