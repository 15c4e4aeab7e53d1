import { outcomeOf } from '@yuzuru/concurrency'
import { retry } from '@yuzuru/concurrency/resilience'
import {
  type FaultProxy,
  type PostgresServer,
  startFaultProxy,
  startPostgres,
} from '@yuzuru/sandbox'
import { CompiledQuery, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { stream } from '../rows/stream.ts'
import { transaction } from '../transactions/transaction.ts'
import { declareReads } from './declare-reads.ts'

interface Schema {
  readonly acts: { readonly id: string }
}

let postgres: PostgresServer
let proxy: FaultProxy
let admin: Database<Schema>
let db: Database<Schema>

beforeAll(async () => {
  postgres = await startPostgres()
  proxy = await startFaultProxy({ target: postgres })
  admin = createDatabase({ url: postgres.url })
  db = createDatabase({ url: proxy.url(postgres.url), cancelTimeoutMs: 200, connections: 2 })
  await sql`create table acts (id text, n int generated always as identity primary key)`.execute(
    admin,
  )
  const act = 'insert into acts (id) values (what);'
  const conflict = "raise exception using errcode = '40001', message = 'no';"
  await sql
    .raw(`create procedure charge(what text) language plpgsql as $$ begin ${act} commit; ${conflict} end $$;
      create function act(what text) returns text language plpgsql as $$ begin ${act} return what; end $$;
      create function refuse(what text) returns text language plpgsql as $$ begin ${act} ${conflict} end $$`)
    .execute(admin)
})

afterAll(async () => {
  await db.close()
  await admin.close()
  await proxy.close()
  await postgres.close()
})

async function count(id: string): Promise<number> {
  return (await admin.selectFrom('acts').select('id').where('id', '=', id).execute()).length
}

/** Every way in which a text has its effect, or a part of it, and then fails all the same. */
const PARTLY: Readonly<Record<string, string>> = {
  'a procedure that commits': `call charge('ID')`,
  'the same behind a comment': `/* app */ call charge('ID')`,
  'a block that commits': `do $$ begin insert into acts (id) values ('ID'); commit; raise exception 'no'; end $$`,
  'a block that calls it': `do $$ begin call charge('ID'); end $$`,
  'a script with its own transaction': `begin; insert into acts (id) values ('ID'); commit; select 1 / 0`,
  'a script with a COMMIT': `insert into acts (id) values ('ID'); commit; select 1 / 0`,
  'a script with an END': `insert into acts (id) values ('ID');\nend;\nselect 1 / 0`,
}

const WHOLE: Readonly<Record<string, string>> = {
  'a function': `select refuse('ID')`,
  'a block that only writes': `do $$ begin perform refuse('ID'); end $$`,
  'a script without one': `insert into acts (id) values ('ID'); select 1 / 0`,
  'an INSERT with ON CONFLICT': `insert into acts (id, n) overriding system value select 'ID', 1 / 0 on conflict (n)\ndo nothing`,
}

describe('what the server refused says "none" only where nothing of it stands', () => {
  test.each(Object.keys(PARTLY))('not of %s, which retry does not run again', async (id) => {
    const text = (PARTLY[id] as string).replaceAll('ID', id)
    const run = (): Promise<unknown> => sql.raw(text).execute(db)
    const error = await retry(run, { baseDelayMs: 1 }).catch((error: unknown) => error)
    expect(outcomeOf(error)).toBe('unknown')
    expect(await count(id)).toBe(1)
  })

  test.each(Object.keys(WHOLE))('but of %s', async (id) => {
    const text = (WHOLE[id] as string).replaceAll('ID', id)
    const error = await sql
      .raw(text)
      .execute(db)
      .catch((error: unknown) => error)
    expect(outcomeOf(error)).toBe('none')
    expect(await count(id)).toBe(0)
  })
})

/** A table of two partitions, of which the second one fails when its index is looked at or made anew. */
const PARTED = `
  drop table if exists parted cascade;
  create or replace function odd(n int) returns int language plpgsql immutable as $$ begin return n; end $$;
  create table parted (n int not null) partition by range (n);
  create table part_a partition of parted for values from (0) to (10);
  create table part_b partition of parted for values from (10) to (20);
  insert into parted select generate_series(0, 19);
  create index parted_n on parted (n);
  create index parted_odd on parted (odd(n));
  create materialized view totals as select n, odd(n) from parted;
  create unique index on totals (n);
  create or replace function odd(n int) returns int language plpgsql immutable as
    $$ begin if n >= 10 then raise 'no'; end if; return n; end $$`

/** Where things are, and what is known of them: every work of one's own on a table changes it. */
const TRACES = `select string_agg(
    format('%s %s %s %s', relname, relfilenode, relallvisible, (select count(*) from pg_statistic where starelid = c.oid)),
    ', ' order by relname) as traces
  from pg_class c where relname ~ '^(part|totals)'`

describe('what goes from table to table says "none" of no failure behind the first', () => {
  async function failing(text: string): Promise<{ outcome: unknown; stands: boolean }> {
    await sql.raw(PARTED).execute(admin)
    const traces = async (): Promise<unknown> => (await sql.raw(TRACES).execute(admin)).rows[0]
    const before = await traces()
    const error = await sql
      .raw(text)
      .execute(db)
      .catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'raised', outcome: expect.anything() as unknown })
    const after = await traces()
    return { outcome: outcomeOf(error), stands: JSON.stringify(before) !== JSON.stringify(after) }
  }

  test.each([
    'analyze part_a, part_b',
    'vacuum analyze part_b',
    'vacuum full part_a, part_b',
    'cluster parted using parted_n',
    'reindex table parted',
    'reindex index parted_odd',
  ])('%s', async (text) => {
    expect(await failing(text)).toEqual({ outcome: 'unknown', stands: true })
  })

  // The server undoes it as a whole.
  test('but of refresh materialized view', async () => {
    const refreshed = await failing('refresh materialized view totals')
    expect(refreshed).toEqual({ outcome: 'none', stands: false })
  })

  test('nor within a transaction, which undoes it as a whole', async () => {
    await sql.raw(PARTED).execute(admin)
    const run = transaction(db, (tx) => sql`analyze part_a, part_b`.execute(tx))
    expect(outcomeOf(await run.catch((error: unknown) => error))).toBe('none')
  })
})

describe('what no rollback undoes is unknown when', () => {
  /** `FAIL` divides by zero, but only as it runs. */
  const lasting: Readonly<Record<string, string>> = {
    'a sequence was set': `select setval('marks', 77), FAIL`,
    'a slot was made': `select pg_create_physical_replication_slot('marks_77'), FAIL`,
    'a statement ran through dblink': `select dblink_exec('CONN', 'select setval(''marks'', 77)'), FAIL`,
  }

  beforeAll(async () => {
    await sql`create extension dblink`.execute(admin)
    await sql`create sequence marks`.execute(admin)
  })

  async function stands(): Promise<boolean> {
    const { rows } = await sql<{ stands: boolean }>`select (select last_value from marks) = 77
      or exists (select from pg_replication_slots where slot_name = 'marks_77') as stands`.execute(
      admin,
    )
    await sql`select setval('marks', 1)`.execute(admin)
    await sql`select pg_drop_replication_slot(slot_name) from pg_replication_slots`.execute(admin)
    return rows[0]?.stands === true
  }

  function textOf(name: string): string {
    const { hostname, port, username, password, pathname } = new URL(postgres.url)
    const conn = `host=${hostname} port=${port} user=${username} password=${password} dbname=${pathname.slice(1)}`
    return (lasting[name] as string)
      .replace('CONN', conn.replaceAll("'", "''"))
      .replace('FAIL', '1 / (random() * 0)::int')
  }

  test.each(Object.keys(lasting))('%s, and the statement failed', async (name) => {
    const failing = sql.raw(textOf(name)).execute(db)
    const error = await failing.catch((error: unknown) => error)
    expect(outcomeOf(error)).toBe('unknown')
    expect(await stands()).toBe(true)
  })

  test.each(Object.keys(lasting))('%s, and its transaction failed, once', async (name) => {
    let runs = 0
    const failing = transaction(db, async (tx) => {
      runs += 1
      await sql.raw(textOf(name).replace(/, 1 .*/, '')).execute(tx)
      await sql`do $$ begin raise exception using errcode = '40001', message = 'no'; end $$`.execute(
        tx,
      )
    })
    const error = await failing.catch((error: unknown) => error)
    expect(outcomeOf(error)).toBe('unknown')
    expect(runs).toBe(1)
    expect(await stands()).toBe(true)
  })

  test('but not what was declared to read', async () => {
    const read = sql.raw(`select * from dblink('CONN', 'select 1') as t(n int)`)
    const error = await read.execute(declareReads(db)).catch((error: unknown) => error)
    expect(outcomeOf(error)).toBe('none')
  })
})

describe('a COMMIT by hand whose answer is lost is unknown, however it is written', () => {
  test.each([
    'commit',
    '/* app */ commit',
    '-- app\ncommit',
    'select 1; commit',
    'end',
    '/* a; */end',
  ])('%j', async (text) => {
    const when = text.includes('end') ? 'end' : 'commit'
    const failing = db.connection().execute(async (on) => {
      await sql`begin`.execute(on)
      await on.insertInto('acts').values({ id: text }).execute()
      proxy.set({ dropReply: { when, times: 1 } })
      await sql.raw(text).execute(on)
    })
    const error = await failing.catch((error: unknown) => error).finally(() => proxy.clear())
    expect(outcomeOf(error)).toBe('unknown')
    expect(await count(text)).toBe(1)
  })

  test('one that the server refused says none', async () => {
    await sql`create table late (id int unique deferrable initially deferred)`.execute(admin)
    const failing = db.connection().execute(async (on) => {
      await sql`begin`.execute(on)
      await sql`insert into late values (1), (1)`.execute(on)
      await sql`commit`.execute(on)
    })
    await expect(failing).rejects.toMatchObject({ code: 'unique_violation', outcome: 'none' })
  })
})

describe('a stream of what writes', () => {
  test.each(['a text', 'a SELECT of the builder'])(
    'is unknown when the answer to its end is lost: %s',
    async (id) => {
      const rows =
        id === 'a text'
          ? db.getExecutor().stream(CompiledQuery.raw('select act($1)', [id]), 10)
          : stream(db.selectNoFrom((eb) => eb.fn<string>('act', [eb.val(id)]).as('it')))
      const read = async (): Promise<void> => {
        for await (const _ of rows) continue
      }
      proxy.set({ dropReply: { when: 'commit', times: 1 } })
      const error = await read()
        .catch((error: unknown) => error)
        .finally(() => proxy.clear())
      expect(error).toMatchObject({ code: 'commit_unknown', outcome: 'unknown' })
      expect(await count(id)).toBe(1)
    },
  )

  test('is none when it only read', async () => {
    proxy.set({ dropReply: { when: 'commit', times: 1 } })
    const read = async (): Promise<void> => {
      for await (const _ of stream(db.selectFrom('acts').selectAll().limit(1))) continue
    }
    const error = await read()
      .catch((error: unknown) => error)
      .finally(() => proxy.clear())
    expect(outcomeOf(error)).toBe('none')
  })
})
