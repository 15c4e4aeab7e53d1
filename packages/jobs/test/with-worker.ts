import { sleep, taskGroup } from '@yuzuru/concurrency'
import type { Queryable } from '@yuzuru/db'
import { type Kysely, sql } from 'kysely'
import { defineJob } from '../src/job/define-job.ts'
import type { Job, JobContext } from '../src/job/job.ts'
import { createWorker } from '../src/worker/worker.ts'
import type { WorkerEvent } from '../src/worker/worker-event.ts'
import type { WorkerOptions } from '../src/worker/worker-options.ts'
import type { TestSchema } from './open-kysely.ts'

/** A job whose handler says that it has begun, and then waits for its cancel. */
export function blocking(name = 'block'): {
  job: Job<object>
  begun: Promise<JobContext>
  reasons: unknown[]
} {
  const { promise: begun, resolve } = Promise.withResolvers<JobContext>()
  const reasons: unknown[] = []
  const job = defineJob<object>({
    name,
    run: async (_, context) => {
      resolve(context)
      try {
        await sleep(Infinity)
      } catch (error) {
        reasons.push(context.signal.reason)
        throw error
      }
    },
  })
  return { job, begun, reasons }
}

/** Runs a worker around `body` and shuts it down after it. */
export async function withWorker<DB>(
  db: Queryable<DB>,
  options: WorkerOptions,
  body: (events: WorkerEvent[]) => Promise<void>,
): Promise<WorkerEvent[]> {
  const events: WorkerEvent[] = []
  const worker = createWorker(db, {
    pollMs: 10,
    drainMs: 0,
    ...options,
    onEvent: (event) => {
      events.push(event)
      options.onEvent?.(event)
    },
  })
  await taskGroup(async (group) => {
    const task = group.spawn(() => worker.run())
    await body(events)
    task.cancel('the test is over')
  })
  return events
}

/** The types of events, in order. */
export const types = (events: readonly WorkerEvent[]): string[] => events.map((event) => event.type)

/** What another worker does when a lease has expired. Its own is good for an hour. */
export async function takeOver(db: Kysely<TestSchema>, id: string, attempt = 2): Promise<void> {
  await sql`with another as (
      insert into yuzuru_job_workers (name, lease_until, lease_ms)
      values ('another', now() + interval '1 hour', 0) returning id
    )
    update yuzuru_jobs as job set worker = another.id, claim = job.claim + 1,
      attempt = ${attempt}::integer, stage = case when stage = 1 then 0 else stage end
    from another where job.id = ${id}::uuid`.execute(db)
}

/** What becomes of the leases of workers that vanished. */
export async function expireLeases(db: Kysely<TestSchema>): Promise<void> {
  await sql`update yuzuru_job_workers set lease_until = now() - interval '1 second',
    lease_ms = 0`.execute(db)
}

/** Until when the one worker that there is has its lease; empty while there is none. */
export async function leaseOf(db: Kysely<TestSchema>): Promise<string> {
  const { rows } = await sql<{
    at: string
  }>`select lease_until::text as at from yuzuru_job_workers`.execute(db)
  return rows[0]?.at ?? ''
}
