import { idempotencyMigrations, kyselyIdempotencyStore } from '../kysely.ts'
import { afterCommit, migrate, transaction } from '@yuzuru/db'
import { CamelCasePlugin, Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import { Pool } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { countEffects, openDatabase, type TestSchema, yuzuruDatabase } from '../../test/database.ts'
import { post } from '../../test/idempotent-stage.ts'
import type { IdempotencyStore, KeyClaim } from './idempotency-store.ts'
import { idempotent } from './idempotent.ts'

const LONG_MS = 3_600_000

test('the migration goes down and up again', async () => {
  await using database = await openDatabase()
  const { yuzuru_idempotency_0001_init: init } = idempotencyMigrations
  await init?.down?.(database.db)
  const db = yuzuruDatabase(database.url)
  await migrate(db, idempotencyMigrations)
  const store = kyselyIdempotencyStore(db)
  const times = { leaseMs: LONG_MS, ttlMs: LONG_MS }
  const request = { id: 'a', token: 't', fingerprint: 'f', repeatable: true, ...times }
  expect(await store.claim(request)).toEqual({ state: 'claimed' })
})

test('without its tables it says on which migrations it waits', async () => {
  await using database = await openDatabase()
  await idempotencyMigrations['yuzuru_idempotency_0001_init']?.down?.(database.db)
  await using db = yuzuruDatabase(database.url)
  const times = { leaseMs: LONG_MS, ttlMs: LONG_MS }
  const request = { id: 'a', token: 't', fingerprint: 'f', repeatable: true, ...times }
  await expect(kyselyIdempotencyStore(db).claim(request)).rejects.toMatchObject({
    name: 'ServerError',
    code: 'not_migrated',
    outcome: 'none',
    message: expect.stringContaining('run migrate(db, [idempotencyMigrations]) first'),
  })
})

test('each claim removes ten expired keys, so that they go down without a job', async () => {
  await using database = await openDatabase()
  const store = kyselyIdempotencyStore(database.db)
  const ask = (id: string, ms: number): Parameters<typeof store.claim>[0] => {
    const times = { leaseMs: ms, ttlMs: ms }
    return { id, token: id, fingerprint: 'f', repeatable: true, ...times }
  }
  const count = async (): Promise<number> => {
    const { rows } = await sql`select from yuzuru_idempotency_keys`.execute(database.db)
    return rows.length
  }
  await sql`
    insert into yuzuru_idempotency_keys (id, token, fingerprint, repeatable, lease_until, expires_at)
    select 'old-' || n, 't', 'f', true, now(), now() from generate_series(1, 25) as n`.execute(
    database.db,
  )
  for (const [id, left] of [
    ['1', 16],
    ['2', 7],
    ['3', 3],
    ['4', 4],
  ] as const) {
    await store.claim(ask(id, LONG_MS))
    expect(await count()).toBe(left)
  }
})

test.each([
  [
    'is renewed',
    { ttlMs: LONG_MS },
    (store: Store, claim: KeyClaim) => store.renew(claim, LONG_MS),
  ],
  [
    'is renewed, though old',
    { ttlMs: 0 },
    (store: Store, claim: KeyClaim) => store.renew(claim, LONG_MS),
  ],
  [
    'is answered',
    { ttlMs: LONG_MS },
    (store: Store, claim: KeyClaim) =>
      store.finish(claim, { status: 200, headers: [], body: new Uint8Array() }, LONG_MS),
  ],
] as const)(
  'a claim that %s just as another one would take over stands',
  async (_what, times, live) => {
    await using database = await openDatabase()
    const store = kyselyIdempotencyStore(database.db)
    const first = {
      id: 'a',
      token: 'first',
      fingerprint: 'f',
      repeatable: true,
      leaseMs: 0,
      ...times,
    }
    await store.claim(first)
    const between = kyselyIdempotencyStore(afterFirstQuery(database.db, () => live(store, first)))
    const second = { ...first, token: 'second', leaseMs: LONG_MS }
    expect(await between.claim(second)).toEqual({ state: 'running' })
    expect(await store.release(second, 'free')).toBe('lost')
  },
)

test('a pool of one connection is enough, whatever the plugins', async () => {
  await using database = await openDatabase()
  const pool = new Pool({ connectionString: database.url, max: 1 })
  const db = new Kysely<{ effects: { name: string } }>({
    dialect: new PostgresDialect({ pool }),
    plugins: [new CamelCasePlugin()],
  })
  onTestFinished(() => db.destroy())
  const handle = idempotent(
    async (_request, { tx }) => {
      await tx.insertInto('effects').values({ name: 'effect' }).execute()
      return new Response('done')
    },
    { store: kyselyIdempotencyStore(db), caller: 'everyone' },
  )
  const answers = await Promise.all([1, 2, 3].map(() => handle(post('k'))))
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0)
  expect((await handle(post('k'))).headers.get('idempotent-replayed')).toBe('true')
  expect(await countEffects(database.db)).toBe(1)
})

test('an answer that was committed is given, although what was to follow the commit failed', async () => {
  await using database = await openDatabase()
  const db = yuzuruDatabase(database.url)
  const store = kyselyIdempotencyStore(db, { transaction: (fn) => transaction(db, fn) })
  const handle = idempotent(
    async (_request, { tx }) => {
      await tx.insertInto('effects').values({ name: 'effect' }).execute()
      afterCommit(tx, () => {
        throw new RangeError('the mail server is gone')
      })
      return new Response('done')
    },
    { store, caller: 'everyone' },
  )
  expect(await (await handle(post('k'))).text()).toBe('done')
  expect((await handle(post('k'))).headers.get('idempotent-replayed')).toBe('true')
  expect(await countEffects(database.db)).toBe(1)
})

test.each([
  [{}, 'db to be a Kysely'],
  [undefined, 'db to be a Kysely'],
])('%o is no database', (db, what) => {
  expect(() => kyselyIdempotencyStore(db as never)).toThrow(`Expected ${what}`)
})

test('its options are checked', async () => {
  await using database = await openDatabase()
  for (const options of [{ transaction: true }, { transactoin: () => undefined }]) {
    expect(() => kyselyIdempotencyStore(database.db, options as never)).toThrow('Expected ')
  }
})

type Store = IdempotencyStore<Transaction<TestSchema>>

/** A database of which `fn` is called after the first query. */
function afterFirstQuery(db: Kysely<TestSchema>, fn: () => Promise<unknown>): Kysely<TestSchema> {
  let isFirst = true
  const executor = db.getExecutor().withoutPlugins()
  const own = new Proxy(executor, {
    get(target, name) {
      if (name === 'withoutPlugins') return () => own
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name !== 'executeQuery') return value.bind(target) as unknown
      return async (...rest: unknown[]) => {
        const result: unknown = await Reflect.apply(value, target, rest)
        if (isFirst) {
          isFirst = false
          await fn()
        }
        return result
      }
    },
  })
  return new Proxy(db, {
    get: (target, name) => (name === 'getExecutor' ? () => own : Reflect.get(target, name)),
  })
}
