import { type Kysely, sql } from 'kysely'
import { defineJob } from '../src/job/define-job.ts'
import type { Job, KeyConflict } from '../src/job/job.ts'
import { enqueue } from '../src/queue/enqueue.ts'
import type { TestSchema } from './open-kysely.ts'

export interface KeyedPayload {
  readonly key: number
  readonly v: number
}

/** How many keys there are, and how often each client changes one of them. */
export const KEYS = 3
const CALLS = 15

/** A kind that is to have seen the last change of its key. */
export function keyed(
  onConflict: KeyConflict,
  run: (payload: KeyedPayload, attempt: number) => Promise<void>,
): Job<KeyedPayload> {
  return defineJob<KeyedPayload>({
    name: 'sync',
    attempts: 10,
    backoff: () => 1,
    key: ({ key }) => `${key}`,
    onConflict,
    run: (payload, { attempt }) => run(payload, attempt),
  })
}

/** Changes one key after the other, and enqueues its job in the same transaction; some roll back. */
export async function changeKeys(
  db: Kysely<TestSchema>,
  job: Job<KeyedPayload>,
  { from, onCall }: { readonly from: number; readonly onCall?: (call: number) => void },
): Promise<void> {
  const options = job.onConflict === 'debounce' ? { delayMs: 2 } : {}
  for (let n = 0; n < CALLS; n += 1) {
    const key = (from + n) % KEYS
    const call = db.transaction().execute(async (tx) => {
      // The order of the changes of a key is that of their versions.
      const { rows } = await sql<{ v: number }>`
        update truth set v = v + 1 where key = ${key} returning v`.execute(tx)
      const v = rows[0]?.v ?? 0
      await enqueue(tx, job, { key, v }, options)
      onCall?.(n)
      if (n % 7 === 6) throw new Error('rolled back')
    })
    await call.catch((error: unknown) => {
      if (!(error instanceof Error) || error.message !== 'rolled back') throw error
    })
  }
}
