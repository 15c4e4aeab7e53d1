import { gather } from '@yuzuru/concurrency'
import { transaction } from '@yuzuru/db'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { countEffects, openDatabase, yuzuruDatabase } from '../../test/database.ts'
import { post } from '../../test/idempotent-stage.ts'
import type { StoredAnswer } from './idempotency-store.ts'
import { idempotent } from './idempotent.ts'
import { kyselyIdempotencyStore } from './kysely-idempotency-store.ts'

const LONG_MS = 3_600_000
const TIMES = { leaseMs: LONG_MS, ttlMs: LONG_MS }
const ANSWER: StoredAnswer = { status: 200, headers: [], body: new Uint8Array() }
const ask = (id: string) => ({ id, token: id, fingerprint: 'f', repeatable: true, ...TIMES })

describe.each(['repeatable read', 'serializable'] as const)('%s:', (isolation) => {
  test('a claim that is renewed while its transaction has a snapshot can be finished', async () => {
    await using database = await openDatabase()
    const { db } = database
    const store = kyselyIdempotencyStore(db, {
      transaction: (fn) => db.transaction().setIsolationLevel(isolation).execute(fn),
    })
    await store.claim(ask('a'))
    const finished = store.transaction(async (tx) => {
      await tx.selectFrom('effects').selectAll().execute()
      expect(await store.renew(ask('a'), LONG_MS)).toBe(true)
      const isFinished = await store.finish(ask('a'), ANSWER, LONG_MS, tx)
      // Nor does a renewal wait for it.
      expect(await store.renew(ask('a'), LONG_MS)).toBe(true)
      return isFinished
    })
    expect(await finished).toBe(true)
    expect(await store.claim({ ...ask('a'), token: 'b' })).toMatchObject({ state: 'answered' })
  })

  test('as the default of the database, racing repeats have one effect, and none of them fails', async () => {
    await using database = await openDatabase()
    const url = new URL(database.url)
    const options = `${url.searchParams.get('options')} -c default_transaction_isolation=${isolation.replace(' ', String.raw`\ `)}`
    url.searchParams.set('options', options)
    const db = yuzuruDatabase(url.href)
    const store = kyselyIdempotencyStore(db, { transaction: (fn) => transaction(db, fn) })
    const handle = idempotent(
      async (_request, { tx }) => {
        await tx.insertInto('effects').values({ name: 'effect' }).execute()
        return new Response('done')
      },
      { store, caller: 'everyone' },
    )
    const answers = await gather(
      Array.from({ length: 100 }, (_, at) => () => handle(post(`k${at % 5}`))),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status !== 200 && status !== 409)).toEqual([])
    expect(await countEffects(database.db)).toBe(5)
  })
})

test.each(['40001', '40P01'])(
  'a statement that the database undid because of others (%s) is tried again',
  async (sqlState) => {
    await using database = await openDatabase()
    const { db } = database
    await sql`create sequence attempts`.execute(db)
    // A sequence goes on counting, whatever is undone.
    await sql`create function refuse() returns trigger language plpgsql as ${sql.lit(`begin
      if nextval('attempts') % 3 <> 0 then
        raise exception 'others were faster' using errcode = '${sqlState}';
      end if;
      return coalesce(new, old);
    end`)}`.execute(db)
    for (const table of ['keys', 'renewals']) {
      await sql`create trigger refuse before insert or update or delete
        on ${sql.ref(`yuzuru_idempotency_${table}`)}
        for each row execute function refuse()`.execute(db)
    }
    for (const own of [db, yuzuruDatabase(database.url)]) {
      const store = kyselyIdempotencyStore(own)
      expect(await store.claim(ask('a'))).toEqual({ state: 'claimed' })
      expect(await store.renew(ask('a'), LONG_MS)).toBe(true)
      expect(await store.finish(ask('a'), ANSWER, LONG_MS)).toBe(true)
      await store.claim({ ...ask('b'), leaseMs: 0, ttlMs: 0 })
      expect(await store.release(ask('b'), 'again')).toBe('released')
      expect(await store.prune(10)).toBe(1)
      await store.claim(ask('c'))
      expect(await store.release(ask('c'), 'free')).toBe('released')
      await sql`truncate yuzuru_idempotency_keys cascade`.execute(db)
    }
    // In a transaction it is the transaction that failed.
    const store = kyselyIdempotencyStore(db)
    await store.claim(ask('d'))
    const failed = store.transaction((tx) => store.finish(ask('d'), ANSWER, LONG_MS, tx))
    await expect(failed).rejects.toMatchObject({ code: sqlState })
  },
)
