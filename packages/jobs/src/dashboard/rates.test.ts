import { type Kysely, sql } from 'kysely'
import { expect, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { BAR_SECONDS, laneKey, loadBars, loadLaneRates } from './rates.ts'

async function end(
  db: Kysely<TestSchema>,
  many: number,
  state: string,
  agoSeconds: number,
): Promise<void> {
  await sql`
    insert into yuzuru_job_history (id, name, queue, state, payload, priority, max_attempts, run_at, started_at,
      finished_at)
    select gen_random_uuid(), 'fine', 'default', ${state}, '{}', 0, 5, at - interval '300 ms', at - interval '200 ms', at
    from generate_series(1, ${many}::integer) as n cross join lateral (
      select to_timestamp(floor(date_part('epoch', now()) / 10) * 10) - ${agoSeconds}::integer * interval '1 second'
        + n * interval '1 second' * 10 / ${many + 1}::float8 as at
    ) as moment`.execute(db)
}

test('bars count what ended in each ten seconds, and how long it waited and took', async () => {
  const { db } = await queue()
  await end(db, 40, 'completed', 20)
  await end(db, 3, 'failed', 20)
  // The clock may go on to the next bar meanwhile.
  const bars = await loadBars(db, 4, {})
  const full = bars.filter(({ completed }) => completed > 0)
  expect(full).toMatchObject([{ completed: 40, failed: 3, cancelled: 0, isEstimate: false }])
  expect(full[0]?.waited?.[0]).toBeCloseTo(100)
  expect(full[0]?.took?.[1]).toBeCloseTo(200)
  expect(
    bars.every(({ at }, index) => at - (bars[0]?.at ?? 0) === index * BAR_SECONDS * 1000),
  ).toBe(true)
})

test('a bar with more than is counted is an estimate by its first part', async () => {
  const { db } = await queue()
  await end(db, 8_000, 'completed', 20)
  const full = (await loadBars(db, 4, {})).filter(({ completed }) => completed > 0)
  expect(full).toMatchObject([{ isEstimate: true }])
  expect(full[0]?.completed).toBeGreaterThan(7_000)
  expect(full[0]?.completed).toBeLessThan(9_000)
})

test('rates are those of the last minute, by queue and kind; what was cancelled did not end by itself', async () => {
  const { db } = await queue()
  await end(db, 30, 'completed', 10)
  await end(db, 2, 'failed', 10)
  await end(db, 5, 'cancelled', 10)
  const rates = await loadLaneRates(db, {})
  expect([...rates]).toEqual([[laneKey('default', 'fine'), { completed: 30, failed: 2 }]])
})
