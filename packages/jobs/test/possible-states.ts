import { type Kysely, sql } from 'kysely'
import type { TestSchema } from './open-kysely.ts'

/** What a job may be at all, by the table that it stands in. */
const POSSIBLE: Readonly<Record<string, readonly string[]>> = {
  yuzuru_jobs: [
    'attempt between 0 and max_attempts',
    'stage between 0 and 4',
    'worker is null or (claim > 0 and stage <> 1)',
    'stage <> 3 or (group_key is not null and worker is null)',
    'stage <> 4 or (tenant is not null and worker is null)',
    'length(name) between 1 and 200 and length(queue) between 1 and 200',
    'length(unique_key) between 1 and 500 and length(serial_key) between 1 and 500',
  ],
  yuzuru_job_history: [
    'attempt between 0 and max_attempts',
    "state in ('completed', 'failed', 'cancelled')",
    'finished_at is not null',
  ],
}

/**
 * Has the tables refuse what cannot be, so that each test that writes such a thing fails. For users they do not: a
 * check of a table is read anew for each statement.
 */
export async function refuseImpossibleStates(db: Kysely<TestSchema>): Promise<void> {
  for (const [table, checks] of Object.entries(POSSIBLE)) {
    for (const check of checks) {
      await sql`alter table ${sql.table(table)} add check (${sql.raw(check)})`.execute(db)
    }
  }
}
