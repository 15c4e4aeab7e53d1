import { setTimeout } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import { defineJob } from '../src/job/define-job.ts'
import type { Job, JobContext, KeyConflict } from '../src/job/job.ts'
import { enqueue } from '../src/queue/enqueue.ts'
import type { TestSchema } from './open-kysely.ts'

export interface KeyedPayload {
  readonly key: number
  /** Of which change the job is. */
  readonly change: number
}

export const CONFLICTS = ['skip', 'replace', 'debounce', 'again'] as const

/** How many keys each kind has, and how often each client changes one of them. */
export const KEYS = 3
export const CALLS = 12

/** The changes that are to be seen by a job: each with what its call gave, and with what had committed before it. */
export const CHANGES = `
  create table changes (
    kind text, key integer, change integer, job_id uuid, created boolean, before pg_snapshot,
    by xid8 default pg_current_xact_id()
  )`

/** A kind for each way to meet a key that is there; it is named for it. */
export function keyed(
  run: (kind: KeyConflict, payload: KeyedPayload, context: JobContext) => Promise<void>,
): readonly Job<KeyedPayload>[] {
  return CONFLICTS.map((onConflict) =>
    defineJob<KeyedPayload>({
      name: onConflict,
      attempts: 10,
      backoff: () => 1,
      key: ({ key }) => `${key}`,
      onConflict,
      run: (payload, context) => run(onConflict, payload, context),
    }),
  )
}

/**
 * Changes one key after the other, of each kind in turn, and enqueues its job in the same transaction; some roll back.
 *
 * @param from the number of the client
 */
export async function changeKeys(
  db: Kysely<TestSchema>,
  jobs: readonly Job<KeyedPayload>[],
  { from, onCall }: { readonly from: number; readonly onCall: (call: number) => void },
): Promise<void> {
  for (let n = 0; n < CALLS * jobs.length; n += 1) {
    const job = jobs[n % jobs.length] as Job<KeyedPayload>
    const round = Math.floor(n / jobs.length)
    const key = (from + round) % KEYS
    const change = from * 1_000 + n
    const call = db.transaction().execute(async (tx) => {
      const options = job.onConflict === 'debounce' ? { delayMs: 2 } : {}
      const { rows } = await sql<{ before: string }>`
        select pg_current_snapshot()::text as before`.execute(tx)
      const { id, created } = await enqueue(tx, job, { key, change }, options)
      await sql`
        insert into changes (kind, key, change, job_id, created, before)
        values (${job.name}, ${key}, ${change}, ${id}::uuid, ${created}, ${rows[0]?.before}::pg_snapshot)`.execute(
        tx,
      )
      // Some commit late: long after a worker could have taken what stands for the call.
      if (round % 2 === 1) await setTimeout(10)
      onCall(n)
      if (round % 6 === 5) throw new Error('rolled back')
    })
    await call.catch((error: unknown) => {
      if (!(error instanceof Error) || error.message !== 'rolled back') throw error
    })
  }
}
