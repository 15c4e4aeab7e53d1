import { once } from 'node:events'
import { sleep, taskGroup } from '@yuzuru/concurrency'
import { type Kysely, sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { changeKeys, keyed, KEYS } from '../../test/keyed.ts'
import { openKysely, type TestSchema } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { startProgram } from '../../test/start-program.ts'
import { createWorker } from '../worker/worker.ts'

/** In which of its calls each client that is a process of its own kills itself; 0 for never. */
const DEATHS = [4, 9, 0, 0]

describe('eight racing clients, of which two processes are killed, and three workers', () => {
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
      const job = keyed(onConflict, async ({ key, v }, attempt) => {
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
      })
      const children = DEATHS.map((diesAt, from) =>
        startProgram('key-process.ts', url, onConflict, `${from}`, `${diesAt}`),
      )
      const ends = Promise.all(children.map((child) => once(child, 'exit')))
      await taskGroup(async (group) => {
        const workers = Array.from({ length: 3 }, () => {
          const own = opened(url)
          return group.spawn(() => createWorker(own, { jobs: [job], pollMs: 10 }).run())
        })
        // While the first of the others is at it.
        await expect.poll(() => changesOf(db), { interval: 5, timeout: 60_000 }).toBeGreaterThan(0)
        await taskGroup(async (clients) => {
          for (let n = DEATHS.length; n < 8; n += 1) {
            const own = opened(url)
            clients.spawn(() => changeKeys(own, job, { from: n }))
          }
        })
        const signals = (await ends).map(([code, signal]) => (signal as string | null) ?? code)
        expect(signals).toEqual(['SIGKILL', 'SIGKILL', 0, 0])
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

async function changesOf(db: Kysely<TestSchema>): Promise<number> {
  const { rows } = await sql<{ v: number }>`select sum(v)::integer as v from truth`.execute(db)
  return rows[0]?.v ?? 0
}

async function truthOf(db: Kysely<TestSchema>, key: number): Promise<number> {
  const { rows } = await sql<{ v: number }>`select v from truth where key = ${key}`.execute(db)
  return rows[0]?.v ?? -1
}
