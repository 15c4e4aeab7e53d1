import { startPostgres, type PostgresServer } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { type PgBouncer, pgBouncerVersion, startPgBouncer } from '@yuzuru/tooling/pgbouncer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from './create-database.ts'
import { exerciseDatabase } from './testing/exercise-database.ts'
import { health } from './statements/health.ts'
import { listen } from './listen/listen.ts'
import { hammer } from '../test/hammer.ts'

/** One that runs already, in transaction mode; any version, any place. */
const given = process.env['YUZURU_TEST_PGBOUNCER']
const version = pgBouncerVersion()
const missing = given === undefined && version === undefined
/** How many statements are hammered with cancels. */
const TURNS = Number(process.env['YUZURU_TEST_CANCELS'] ?? 1_000)

// No package on npm holds PgBouncer, so it is there or not; where it is not, the run says so.
const behind = missing ? notThere : describe

function notThere(): void {
  test('PgBouncer is not there: install pgbouncer, or name one in YUZURU_TEST_PGBOUNCER', () => {
    console.log('Not tested behind PgBouncer, as there is none')
  })
}

behind(`behind PgBouncer ${given === undefined ? (version ?? '') : 'as given'}`, () => {
  let postgres: PostgresServer | undefined
  let bouncer: PgBouncer | undefined
  let url: string

  beforeAll(async () => {
    if (given === undefined) {
      postgres = await startPostgres()
      bouncer = await startPgBouncer(postgres.url, 4)
    }
    url = given ?? bouncer?.url ?? ''
  })

  afterAll(async () => {
    await bouncer?.[Symbol.asyncDispose]()
    await postgres?.close()
  })

  for (const { name, run } of exerciseDatabase(() => createDatabase({ url }))) test(name, run)

  test('pipelined reads go to the pool, and nothing is set on what others share', async () => {
    await using db = createDatabase<{ pg_class: { relname: string } }>({
      url,
      reads: 'pipelined',
    })
    const read = (): Promise<unknown> =>
      db.selectFrom('pg_class').select('relname').where('relname', '=', 'pg_class').execute()

    for (let turn = 0; turn < 30; turn += 1) expect(await read()).toEqual([{ relname: 'pg_class' }])

    const { rows } = await sql`select current_setting('default_transaction_read_only') as set,
        (select count(*) from pg_prepared_statements) as prepared`.execute(db)
    expect(rows).toEqual([{ set: 'off', prepared: 0n }])
    expect((await health(db)).reads).toEqual({ connections: 0, underWay: 0 })
  })

  test('listen says that it would hear nothing', async () => {
    await using db = createDatabase({ url })
    const listening = (async () => {
      for await (const _ of listen(db, 'plans')) break
    })()

    await expect(listening).rejects.toMatchObject({ code: 'listen_unsupported', outcome: 'none' })
    expect((await health(db)).pool).toMatchObject({ used: 0 })
  })

  test('cancels at any moment under load hit no other query and leak no connection', async () => {
    // More of ours than PgBouncer has of the server's: they change hands all the time.
    await using db = createDatabase({ url, connections: 8, applicationName: 'hammer' })
    const { cancels, failures } = await hammer(db, TURNS, 8)

    expect(failures).toEqual([])
    expect(cancels).toBeGreaterThan(TURNS / 5)
    expect((await health(db)).pool).toMatchObject({ used: 0, waiting: 0 })
    const { rows } = await sql<{ busy: bigint }>`select count(*) as busy from pg_stat_activity
      where application_name = 'hammer' and state <> 'idle' and pid <> pg_backend_pid()`.execute(db)
    expect(rows).toEqual([{ busy: 0n }])
  }, 300_000)
})
