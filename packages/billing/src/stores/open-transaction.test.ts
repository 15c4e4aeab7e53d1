import { createDatabase, transaction } from '@yuzuru/db'
import { AbortedTransactionError, Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import { Pool } from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openDatabase, type TestSchema } from '../../test/database.ts'
import { kyselyBillingStore } from './kysely-store.ts'

const KINDS = ['a plain Kysely', 'a database of @yuzuru/db']
const CASES = ['commit', 'rollback'].flatMap((end) => KINDS.map((kind) => [end, kind] as const))

/** What has Kysely keep a transaction open, as it looks at an error before it rolls back; each with its name. */
const UNROLLED: readonly [string, () => unknown][] = [
  ['that another transaction was rolled back', () => new AbortedTransactionError()],
  [
    'what no one can look at',
    () => {
      const { proxy, revoke } = Proxy.revocable(new Error('x'), {})
      revoke()
      return proxy
    },
  ],
]

const insert = (tx: Transaction<TestSchema>): Promise<unknown> =>
  tx.insertInto('offices').values({ id: 'a', status: 'noticed' }).execute()

/** An account whose trial ends. */
async function stage() {
  const database = await openDatabase()
  onTestFinished(() => database[Symbol.asyncDispose]())
  const { db, url } = database
  await sql`insert into yuzuru_billing_accounts (reference, created_at, trial_ends_at)
    values ('a', now(), now())`.execute(db)
  return { db, url }
}

const offices = async (db: Kysely<TestSchema>): Promise<number> =>
  (await db.selectFrom('offices').selectAll().execute()).length

describe('a listener that ends its transaction by itself', () => {
  test.each(CASES)('is not taken for one that has heard, by %s, on %s', async (end, kind) => {
    const { db, url } = await stage()
    await using ours = createDatabase<TestSchema>({ url })
    const store =
      kind === KINDS[0]
        ? kyselyBillingStore(db)
        : kyselyBillingStore(ours, { transaction: (fn) => transaction(ours, fn) })
    const noticing = store.noticeTrial('a', async (_, { tx }) => {
      await insert(tx)
      await sql.raw(end).execute(tx)
    })
    const outcome = end === 'rollback' && kind !== KINDS[0] ? 'none' : 'unknown'
    await expect(noticing).rejects.toMatchObject({ outcome })
  })
})

test.each(UNROLLED)(
  'a listener that throws %s has no effect, on a plain Kysely',
  async (_, error) => {
    const { db, url } = await stage()
    // One connection: the next transaction has that of this one.
    const pool = new Pool({ connectionString: url, max: 1 })
    const one = new Kysely<TestSchema>({ dialect: new PostgresDialect({ pool }) })
    onTestFinished(() => one.destroy())
    const noticing = kyselyBillingStore(one).noticeTrial('a', async (_change, { tx }) => {
      await insert(tx)
      throw error()
    })
    await noticing.catch(() => undefined)
    await one.transaction().execute((tx) => sql`select 1`.execute(tx))
    expect(await offices(db)).toBe(0)
  },
)
