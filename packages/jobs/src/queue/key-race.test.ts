import { sleep, taskGroup } from '@yuzuru/concurrency'
import { type Kysely, sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openKysely, type TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { createWorker } from '../worker/worker.ts'
import { enqueue } from './enqueue.ts'

const KEYS = 3
const CALLS = 15

describe('eight racing clients and three workers', () => {
  test.for(['again', 'replace', 'debounce'] as const)(
    'with %s leave no change unseen, and run no two jobs of a key at once',
    async (onConflict) => {
      const { db, url } = await queue()
      await sql`create table truth (key integer primary key, v integer not null)`.execute(db)
      await sql`insert into truth select n, 0 from generate_series(0, ${sql.lit(KEYS - 1)}) as n`.execute(
        db,
      )
      const running = new Map<number, number>()
      const seen = new Map<number, { v: number; payload: number }>()
      let overlaps = 0
      const job = defineJob<{ key: number; v: number }>({
        name: 'sync',
        attempts: 10,
        backoff: () => 1,
        key: ({ key }) => `${key}`,
        onConflict,
        run: async ({ key, v }, { attempt }) => {
          running.set(key, (running.get(key) ?? 0) + 1)
          if ((running.get(key) ?? 0) > 1) overlaps += 1
          try {
            const truth = await truthOf(db, key)
            await sleep(0)
            if (attempt === 1 && v % 5 === 0) throw new Error('once more')
            seen.set(key, { v: truth, payload: v })
          } finally {
            running.set(key, (running.get(key) ?? 0) - 1)
          }
        },
      })
      const options = onConflict === 'debounce' ? { delayMs: 2 } : {}
      const client = async (own: Kysely<TestSchema>, from: number): Promise<void> => {
        for (let n = 0; n < CALLS; n += 1) {
          const key = (from + n) % KEYS
          const call = own.transaction().execute(async (tx) => {
            // The order of the changes of a key is that of their versions.
            const { rows } = await sql<{ v: number }>`
              update truth set v = v + 1 where key = ${key} returning v`.execute(tx)
            const v = rows[0]?.v ?? 0
            await enqueue(tx, job, { key, v }, options)
            if (n % 7 === 6) throw new Error('rolled back')
          })
          await call.catch((error: unknown) => {
            if (!(error instanceof Error) || error.message !== 'rolled back') throw error
          })
        }
      }
      await taskGroup(async (group) => {
        const workers = Array.from({ length: 3 }, () => {
          const own = opened(url)
          return group.spawn(() => createWorker(own, { jobs: [job], pollMs: 10 }).run())
        })
        await taskGroup(async (clients) => {
          for (let n = 0; n < 8; n += 1) {
            const own = opened(url)
            clients.spawn(() => client(own, n))
          }
        })
        await expect
          .poll(async () => (await sql`select from yuzuru_jobs`.execute(db)).rows.length, {
            timeout: 60_000,
          })
          .toBe(0)
        for (const worker of workers) worker.cancel('the test is over')
      })
      expect(overlaps).toBe(0)
      for (let key = 0; key < KEYS; key += 1) {
        const v = await truthOf(db, key)
        expect(seen.get(key)?.v).toBe(v)
        if (onConflict !== 'again') expect(seen.get(key)?.payload).toBe(v)
      }
      const { rows } = await sql`
        select state, count(*)::integer as jobs from yuzuru_job_history
        where state = 'failed' group by state`.execute(db)
      expect(rows).toEqual([])
    },
  )

  function opened(url: string): Kysely<TestSchema> {
    const own = openKysely(url, 8)
    onTestFinished(() => own.destroy())
    return own
  }
})

async function truthOf(db: Kysely<TestSchema>, key: number): Promise<number> {
  const { rows } = await sql<{ v: number }>`select v from truth where key = ${key}`.execute(db)
  return rows[0]?.v ?? -1
}
