import { type Kysely, sql } from 'kysely'
import { defineJob } from '../src/job/define-job.ts'
import type { Job, JobContext } from '../src/job/job.ts'
import type { TestSchema } from './open-kysely.ts'
import { queue } from './queue.ts'

export type Handler = (context: JobContext) => Promise<void>

/** A job whose handler has steps, and that is tried again at once. */
export const stepping = (run: Handler, attempts = 5): Job<object> =>
  defineJob({ name: 'steps', attempts, backoff: () => 0, run: (_, context) => run(context) })

/** Counts how often each was called. */
export function counter(): {
  readonly calls: Record<string, number>
  readonly of: <T>(name: string, value: T) => T
} {
  const calls: Record<string, number> = {}
  const of = <T>(name: string, value: T): T => {
    calls[name] = (calls[name] ?? 0) + 1
    return value
  }
  return { calls, of }
}

/** A queue beside a table for effects. */
export async function withEffects(): Promise<{ db: Kysely<TestSchema>; url: string }> {
  const made = await queue()
  await sql`create table effects (job_id uuid, pid integer)`.execute(made.db)
  return made
}

/** What is kept of steps. */
export async function stepsOf(db: Kysely<TestSchema>): Promise<unknown[]> {
  const { rows } = await sql<{ name: string; claim: number }>`
    select name, claim::float8 as claim from yuzuru_job_steps order by name`.execute(db)
  return rows
}
