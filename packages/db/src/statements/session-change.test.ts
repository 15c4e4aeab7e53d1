import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { CompiledQuery, sql } from 'kysely'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import type { Database } from '../database.ts'
import { health } from './health.ts'
import { mayChangeSession } from './session-change.ts'
import { transaction } from '../transactions/transaction.ts'

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await startPostgres()
  await using db = createDatabase({ url: postgres.url })
  await sql`create function set_zone() returns void language plpgsql as $$
    begin set timezone = 'Asia/Tokyo'; end $$`.execute(db)
  await sql`create function lock_it() returns void language sql as 'select pg_advisory_lock(9)'`.execute(
    db,
  )
  await sql`create extension dblink`.execute(db)
  await sql`select pg_replication_origin_create('here')`.execute(db)
})

afterAll(async () => {
  await postgres.close()
})

/** Everything that a session may carry from one user to the next. */
async function leftovers(db: Database<unknown>): Promise<unknown> {
  const { rows } = await sql`select current_setting('work_mem') as work_mem,
    current_setting('timezone') as zone, nullif(current_setting('app.tenant', true), '') as tenant,
    current_setting('role') as role,
    (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks,
    (select count(*)::int from pg_class where relnamespace = pg_my_temp_schema()) as temporary,
    (select count(*)::int from pg_prepared_statements where not name like 'yuzuru%') as prepared,
    (select count(*)::int from pg_cursors where is_holdable) as cursors,
    (select count(*)::int from pg_listening_channels()) as channels`.execute(db)
  return rows[0]
}

const LEAKS = [
  `set work_mem = '7MB'`,
  `/* of the tenant */ set session work_mem = '7MB'`,
  `-- first\nset timezone = 'Asia/Tokyo'`,
  `select 1; set work_mem = '7MB'`,
  `select set_config('app.tenant', '7', false)`,
  `set role pg_monitor`,
  `select pg_advisory_lock(7)`,
  `select pg_try_advisory_lock_shared(7)`,
  `create temp table scratch (id int)`,
  `create local temporary table scratch as select 1 as id`,
  `select 1 as id into temporary scratch`,
  `create table pg_temp.scratch (id int)`,
  `create or replace temp view scratch as select 1 as id`,
  `prepare p as select 1`,
  `declare c cursor with hold for select 1`,
  `listen plans`,
  `do $$ begin set work_mem = '7MB'; end $$`,
  `select set_zone()`,
]

/** What comments and unusual ways hide from a glance. */
const HIDDEN = [
  `/* a /* b */ c */ set work_mem = '7MB'`,
  `set/* of the tenant */work_mem = '7MB'`,
  `create /* a */ temp table scratch (id int)`,
  `update pg_settings set setting = '7168' where name = 'work_mem'`,
]

describe('the next user of a connection', () => {
  test.each([...LEAKS, ...HIDDEN])('finds nothing of: %s', async (text) => {
    for (const within of [false, true]) {
      await using db = createDatabase({ url: postgres.url, connections: 1 })
      const before = await leftovers(db)
      const leak = CompiledQuery.raw(text)
      await (within ? transaction(db, (tx) => tx.executeQuery(leak)) : db.executeQuery(leak))

      expect(await leftovers(db)).toEqual(before)
      expect((await health(db)).pool).toMatchObject({ used: 0, idle: 1 })
    }
  })

  test.each(LEAKS.slice(0, -1))(
    'of a pool that was passed in finds nothing of: %s',
    async (text) => {
      const pool = new Pool({ connectionString: postgres.url, max: 1 })
      const db = createDatabase({ client: pool })
      const before = await leftovers(db)
      await db.executeQuery(CompiledQuery.raw(text))

      expect(await leftovers(db)).toEqual(before)
      await pool.end()
    },
  )

  test('finds nothing of what a function left, with reset: always', async () => {
    await using db = createDatabase({ url: postgres.url, connections: 1, reset: 'always' })
    const before = await leftovers(db)
    await sql`select lock_it()`.execute(db)

    expect(await leftovers(db)).toEqual(before)
  })

  test.each([
    [`select setseed(0.5)`, `select random() < 0 as it`],
    [
      `select dblink_connect('beside', 'CONN')`,
      `select coalesce('beside' = any (dblink_get_connections()), false) as it`,
    ],
    [
      `load 'auto_explain'`,
      `select count(*) > 0 as it from pg_settings where name like 'auto_explain.%'`,
    ],
    [
      `select pg_replication_origin_session_setup('here')`,
      `select pg_replication_origin_session_is_setup() as it`,
    ],
  ])('gets another one after what no reset undoes: %s', async (text, found) => {
    await using db = createDatabase({ url: postgres.url, connections: 1 })
    const { hostname, port, username, password, pathname } = new URL(postgres.url)
    const conn = `host=${hostname} port=${port} user=${username} password=${password} dbname=${pathname.slice(1)}`
    const pid = sql<{ pid: number }>`select pg_backend_pid() as pid`
    const { rows: before } = await pid.execute(db)
    await sql.raw(text.replace('CONN', conn.replaceAll("'", "''"))).execute(db)

    const { rows } = await sql.raw<{ it: boolean }>(found).execute(db)
    expect(rows).toEqual([{ it: false }])
    expect((await pid.execute(db)).rows).not.toEqual(before)
    expect((await health(db)).pool).toMatchObject({ used: 0, idle: 1 })
  })

  test('can still ask for the ids of transactions that were prepared before', async () => {
    await using db = createDatabase({ url: postgres.url, connections: 1 })
    for (let turn = 0; turn < 3; turn += 1) {
      await transaction(db, (tx) => sql`create temp table scratch (id int)`.execute(tx))
    }
  })

  test('gets another connection where it can not be reset', async () => {
    await using db = createDatabase({ url: postgres.url, connections: 1 })
    const pid = sql<{ pid: number }>`select pg_backend_pid() as pid`
    const { rows: before } = await pid.execute(db)
    await sql`set statement_timeout = 1; select 1`.execute(db).catch(() => undefined)
    await sql`set work_mem = '7MB'; select pg_terminate_backend(pg_backend_pid())`
      .execute(db)
      .catch(() => undefined)

    expect((await pid.execute(db)).rows).not.toEqual(before)
  })
})

describe('no round trip is spent on', () => {
  test.each([
    `update t set a = 1`,
    `update t\n  set a = 1`,
    `set local work_mem = '7MB'`,
    `set transaction isolation level serializable`,
    `set constraints all deferred`,
    `select set_config('app.tenant', $1, true)`,
    `select pg_advisory_xact_lock(7)`,
    `prepare transaction 'x'`,
    `insert into listeners values ($1)`,
    `select "temp" from sensors`,
    `create table temperatures (id int)`,
    `select reset_at, load, call from prepared`,
    `select name from pg_settings -- to update`,
  ])('%s', (text) => {
    expect(mayChangeSession(CompiledQuery.raw(text))).toBe(false)
  })
})
