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

/** What another worker does when a lease has expired. */
export async function takeOver(db: Kysely<TestSchema>, id: string, attempt = 2): Promise<void> {
  await sql`update yuzuru_jobs set state = 'running', claim_id = gen_random_uuid(), worker = 'another',
    attempt = ${attempt}::integer, lease_until = now() + interval '1 hour'
    where id = ${id}::uuid`.execute(db)
}
