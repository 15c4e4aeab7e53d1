import { exerciseOutcomes, type Fault } from '@yuzuru/concurrency/testing'
import {
  type FaultProxy,
  startFaultProxy,
  startPostgres,
  type PostgresServer,
} from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from './create-database.ts'
import type { Database } from './database.ts'
import { transaction } from './transactions/transaction.ts'

interface Schema {
  readonly acts: { readonly id: string; readonly part: number }
}

let postgres: PostgresServer
let proxy: FaultProxy
/** Looks past the proxy. */
let admin: Database<Schema>
let db: Database<Schema>
beforeAll(async () => {
  postgres = await startPostgres()
  proxy = await startFaultProxy({ target: postgres })
  admin = createDatabase({ url: postgres.url })
  db = createDatabase({
    url: proxy.url(postgres.url),
    applicationName: 'acting',
    cancelTimeoutMs: 200,
    connections: 4,
  })
  await sql`create table acts (id text, part int default 0)`.execute(admin)
  // Most of the time that a statement takes is to be spent on the server.
  await sql`create function slowly() returns trigger language plpgsql as
    $$ begin perform pg_sleep(0.005); return new; end $$`.execute(admin)
  await sql`create trigger slow before insert on acts for each row execute function slowly()`.execute(
    admin,
  )
  await sql`create function act_by(id text) returns text language sql as
    $$ insert into acts (id) values (id) returning id $$`.execute(admin)
})
afterAll(async () => {
  await db.close()
  await admin.close()
  await proxy.close()
  await postgres.close()
})

const set =
  (faults: Parameters<FaultProxy['set']>[0]): Fault =>
  () => {
    proxy.set(faults)
    return () => proxy.clear()
  }

const faults: Record<string, Fault> = {
  'the reply to the insert is lost': set({ dropReply: { when: 'insert', times: 1 } }),
  'the reply to the function is lost': set({ dropReply: { when: 'act_by', times: 1 } }),
  'the reply to COMMIT is lost': set({ dropReply: { when: 'commit', times: 1 } }),
  'the connection breaks': set({ resetAfterBytes: { toServer: 150 } }),
  'the answer breaks off': set({ resetAfterBytes: { toClient: 40 } }),
  'no connection is taken': set({ refuse: true }),
  'the server is killed': () => {
    const timer = setTimeout(() => {
      // Only what acts: two that overlap would else end each other.
      void sql`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'acting' and query ilike '%acts%'`.execute(admin)
    }, 4)
    return () => clearTimeout(timer)
  },
}

async function count(id: string): Promise<number> {
  const rows = await admin.selectFrom('acts').select('id').where('id', '=', id).execute()
  return rows.length
}

const ACTS: Record<string, (id: string) => Promise<unknown>> = {
  'an INSERT': (id) => db.insertInto('acts').values({ id, part: 0 }).execute(),
  'an INSERT as text': (id) => sql`insert into acts (id) values (${id})`.execute(db),
  'a SELECT of a function that writes': (id) =>
    db.selectNoFrom((eb) => eb.fn<string>('act_by', [eb.val(id)]).as('id')).execute(),
  'a SELECT with text in it that calls one': (id) =>
    db.selectNoFrom(sql<string>`act_by(${id})`.as('id')).execute(),
  'a transaction': (id) =>
    transaction(db, async (tx) => {
      await tx.selectFrom('acts').selectAll().limit(1).execute()
      await tx.insertInto('acts').values({ id, part: 0 }).execute()
    }),
  'a transaction with a savepoint': (id) =>
    transaction(db, (tx) =>
      transaction(tx, (inner) => inner.insertInto('acts').values({ id, part: 0 }).execute()),
    ),
  'a transaction of Kysely’s own': (id) =>
    db.transaction().execute(async (tx) => {
      await tx.insertInto('acts').values({ id, part: 0 }).execute()
    }),
}

describe('what is said of an effect is true, of', () => {
  test.each(Object.keys(ACTS))('%s', async (name) => {
    const act = ACTS[name] as (id: string) => Promise<unknown>
    const tally = await exerciseOutcomes({ act, count, faults }, { rounds: 120, withinMs: 15 })
    expect(tally.value).toBeGreaterThan(0)
  })
})
