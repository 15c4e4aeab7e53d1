import { transaction } from '@yuzuru/db'
import { AbortedTransactionError, Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import { Pool } from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { countEffects, openDatabase, type TestSchema, yuzuruDatabase } from '../../test/database.ts'
import { post } from '../../test/idempotent-stage.ts'
import { kyselyIdempotencyStore } from '../kysely.ts'
import { idempotent } from './idempotent.ts'

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
  tx.insertInto('effects').values({ name: 'effect' }).execute()

async function stage() {
  const database = await openDatabase()
  onTestFinished(() => database[Symbol.asyncDispose]())
  const ours = yuzuruDatabase(database.url)
  onTestFinished(() => ours.close())
  return { db: database.db, url: database.url, ours }
}

describe('an idempotent request whose handler ends its transaction by itself', () => {
  test.each(CASES)('keeps no answer by %s, on %s', async (end, kind) => {
    const { db, ours } = await stage()
    const store =
      kind === KINDS[0]
        ? kyselyIdempotencyStore(db)
        : kyselyIdempotencyStore(ours, { transaction: (fn) => transaction(ours, fn) })
    const handler = idempotent<Transaction<TestSchema>>(
      async (_, { tx }) => {
        await insert(tx)
        await sql.raw(end).execute(tx)
        return new Response('done')
      },
      { store, caller: () => 'jane' },
    )
    await expect(handler(post('a'))).rejects.toBeDefined()
    const { rows } = await sql<{
      state: string
    }>`select state from yuzuru_idempotency_keys`.execute(db)
    expect(rows.map(({ state }) => state)).not.toContain('answered')
  })
})

test.each(UNROLLED)(
  'a handler that throws %s has no effect, on a plain Kysely',
  async (_, error) => {
    const { db, url } = await stage()
    // Two connections: a claim needs one beside that of the transaction. The next transactions have the same two.
    const pool = new Pool({ connectionString: url, max: 2 })
    const few = new Kysely<TestSchema>({ dialect: new PostgresDialect({ pool }) })
    onTestFinished(() => few.destroy())
    const handler = idempotent<Transaction<TestSchema>>(
      async (_request, { tx }) => {
        await insert(tx)
        throw error()
      },
      { store: kyselyIdempotencyStore(few), caller: () => 'jane' },
    )
    await expect(handler(post('a'))).rejects.toBeDefined()
    const nothing = (): Promise<unknown> =>
      few.transaction().execute((tx) => sql`select pg_sleep(0.01)`.execute(tx))
    await Promise.all([nothing(), nothing(), nothing(), nothing()])
    expect(await countEffects(db)).toBe(0)
  },
)
