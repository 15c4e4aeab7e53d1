import { exerciseOutcomes, type Fault } from '@yuzuru/concurrency/testing'
import { createDatabase, type Database, transaction } from '@yuzuru/db'
import { type FaultProxy, startFaultProxy } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { enqueue, enqueueMany } from './queue/enqueue.ts'
import { queue } from '../test/queue.ts'
import { defineJob } from './job/define-job.ts'

const remind = defineJob<{ plan: string }>({ name: 'remind', run: async () => undefined })

const ACTS: Record<string, (db: Database<object>, id: string) => Promise<unknown>> = {
  enqueue: (db, id) => enqueue(db, remind, { plan: id }, { key: id }),
  enqueueMany: (db, id) => enqueueMany(db, remind, [{ plan: id }]),
  'enqueue in a transaction': (db, id) =>
    transaction(db, (tx) => enqueue(tx, remind, { plan: id })),
}

describe('what is said of an effect is true, of', () => {
  test.each(Object.keys(ACTS))('%s', async (name) => {
    const { db: admin, url } = await queue()
    const { hostname: host, port } = new URL(url)
    await using proxy: FaultProxy = await startFaultProxy({
      target: { host, port: Number(port) },
    })
    await using db = createDatabase({ url: proxy.url(url), cancelTimeoutMs: 200 })
    const set =
      (faults: Parameters<FaultProxy['set']>[0]): Fault =>
      () => {
        proxy.set(faults)
        return () => proxy.clear()
      }
    const act = ACTS[name] as (typeof ACTS)[string]
    const tally = await exerciseOutcomes(
      {
        act: (id) => act(db, id),
        count: async (id) => {
          const { rows } = await sql<{ n: number }>`select count(*)::int as n from yuzuru_jobs
            where payload ->> 'plan' = ${id}`.execute(admin)
          return rows[0]?.n ?? 0
        },
        faults: {
          'the reply to the insert is lost': set({ dropReply: { when: 'insert', times: 1 } }),
          'the reply to COMMIT is lost': set({ dropReply: { when: 'commit', times: 1 } }),
          'the connection breaks': set({ resetAfterBytes: { toServer: 200 } }),
          'the answer breaks off': set({ resetAfterBytes: { toClient: 40 } }),
          'no connection is taken': set({ refuse: true }),
        },
      },
      { rounds: 100, withinMs: 10 },
    )
    expect(tally.value).toBeGreaterThan(0)
  })
})
