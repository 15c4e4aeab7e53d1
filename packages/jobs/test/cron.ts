import { type Kysely, sql } from 'kysely'
import { CronKeeper } from '../src/cron/cron-keeper.ts'
import type { Cron } from '../src/cron/define-cron.ts'
import type { Fired } from '../src/cron/fire.ts'
import type { TestSchema } from './open-kysely.ts'

/** What a keeper said of its looks. */
export interface Kept {
  readonly keeper: CronKeeper
  readonly fired: Fired[]
  readonly errors: unknown[]
}

/** A keeper of some crons, as a worker has one. */
export function keeperOf(db: Kysely<TestSchema>, ...crons: readonly Cron[]): Kept {
  return keeperWithin(30_000, db, ...crons)
}

/** A keeper whose statements, and checks of payloads, may take so many milliseconds each. */
export function keeperWithin(
  timeoutMs: number,
  db: Kysely<TestSchema>,
  ...crons: readonly Cron[]
): Kept {
  const fired: Fired[] = []
  const errors: unknown[] = []
  const keeper = new CronKeeper({
    db: db as Kysely<unknown>,
    crons,
    timeoutMs,
    onFired: (each) => fired.push(each),
    onError: (error) => errors.push(error),
  })
  return { keeper, fired, errors }
}

/** What is the same as so many minutes during which no worker ran. */
export async function minutesPass(
  db: Kysely<TestSchema>,
  name: string,
  minutes: number,
): Promise<void> {
  await sql`update yuzuru_job_crons set done_until = clock_timestamp() - ${minutes} * interval '1 minute',
      next_at = clock_timestamp() - ${minutes} * interval '1 minute'
    where name = ${name}`.execute(db)
}

/** The times for which a cron has jobs, in their order, one for each job. */
export async function timesOf(db: Kysely<TestSchema>, name: string): Promise<string[]> {
  const { rows } = await sql<{ at: string }>`
    select origin -> 'cron' ->> 'at' as at from (
      select origin from yuzuru_jobs union all select origin from yuzuru_job_history
    ) as job where origin -> 'cron' ->> 'name' = ${name} order by at`.execute(db)
  return rows.map(({ at }) => at)
}

/** Up to where all times of a cron have been dealt with. */
export async function doneUntil(db: Kysely<TestSchema>, name: string): Promise<Date> {
  const { rows } = await sql<{ until: Date }>`
    select done_until as until from yuzuru_job_crons where name = ${name}`.execute(db)
  return (rows[0] as { until: Date }).until
}
