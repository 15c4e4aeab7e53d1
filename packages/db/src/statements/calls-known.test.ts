import { startPostgres } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import { callsOnlyKnown } from './calls-known.ts'
import { FLEETING_FUNCTIONS, STEADY_FUNCTIONS } from './known-functions.ts'

describe('what a SELECT calls is known to write nothing', () => {
  test.each([
    'select "id" from "plans" where "id" in ($1, $2)',
    'select count(*) as "n", coalesce(max("id"), $1) from "plans" group by ("title")',
    'select lower ("title"), Pg_Catalog.UPPER("title"), pg_catalog . trim("title") from "plans"',
    `select (select coalesce(json_agg(agg), '[]') from (select "a" from "b") as agg) as "c"`,
    'with "t"("a", "b") as (select 1, 2) select * from "t"',
    'with recursive "t"("a") as materialized (select 1 union all (select "a" from "t")) select * from "t"',
    'select * from (values (1, 2)) as "t"("a", "b")',
    'select cast("a" as numeric(10, 2)), "a"::varchar(3), ("a" + ("b")) * -("c") from "t"',
    'select * from "a" inner join lateral (select 1) as "b" on (true) where exists (select 1) and not (1 = any($1))',
    'select rank() over (partition by ("a") order by ("b")), sum("a") filter (where "a" > 1) from "t"',
    'select percentile_cont(0.5) within group (order by "a") from "t" group by grouping sets (("a"), rollup("b"))',
    'select distinct on ("a") "a" from "t" limit ($1) offset ($2)',
    'select extract(year from "at"), to_char("at", $1), ("at" at time zone $2)::date from "t"',
    'select pg_sleep(1), clock_timestamp(), gen_random_uuid()',
    'select * from "t" for update',
  ])('in %s', (text) => {
    expect(callsOnlyKnown(text)).toBe(true)
  })

  test.each([
    `select nextval('s')`,
    `select setval($1, 1)`,
    `select set_config($1, $2, false)`,
    `select pg_notify($1, $2)`,
    `select pg_advisory_lock(1)`,
    `select pg_terminate_backend(1)`,
    `select lo_unlink(1)`,
    `select dblink_exec($1)`,
    'select charge_customer($1)',
    'select app.count("id") from "t"',
    'select "app"."count"("id") from "t"',
    'select "count"("id") from "t"',
    'select "Charge"("id") as "n" from "t"',
    'select app . lower($1)',
    'select app.pg_catalog.lower($1)',
    'select charge\n($1)',
    'select charge /* it */ ($1)',
    'select charge -- it\n($1)',
    'select 料金($1)',
    'select é_count($1)',
    'select count$x(1)',
    'select * from charge(1) as "n"("a")',
    'select * from "t", charge(1)',
    'select lower(charge($1))',
    'select case when(true) then charge(1) end',
    'select 1; delete from "t"',
    'select 1 into "t"',
    `select U&"charge"(1)`,
    `select "a""lower"(1)`,
    `select "as ""lower"(1)`,
    `select ${'x'.repeat(400)}count(1)`,
  ])('and not in %s', (text) => {
    expect(callsOnlyKnown(text)).toBe(false)
  })
})

test('a function that is known is PostgreSQL’s, and volatile only where that is said', async () => {
  await using postgres = await startPostgres()
  await using db = createDatabase<unknown>({ url: postgres.url })
  const { rows } = await sql<{ name: string; volatile: boolean }>`
    select proname as name, bool_or(provolatile = 'v') as volatile from pg_proc
    where pronamespace = 'pg_catalog'::regnamespace group by proname`.execute(db)
  const volatile = new Map(rows.map((row) => [row.name, row.volatile]))
  // What the parser knows by itself, and what later versions brought.
  const own = new Set('coalesce greatest least nullif trim uuidv4 uuidv7'.split(' '))
  const named = (names: ReadonlySet<string>): string[] =>
    [...names].filter((name) => !own.has(name))
  expect(named(STEADY_FUNCTIONS).filter((name) => volatile.get(name) !== false)).toEqual([])
  expect(named(FLEETING_FUNCTIONS).filter((name) => volatile.get(name) !== true)).toEqual([])
})
