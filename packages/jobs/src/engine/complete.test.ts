import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { claim } from './claim.ts'
import { complete } from './complete.ts'
import { Bounds } from './lane.ts'
import type { ClaimedJob } from './lease.ts'
import { register } from './worker-row.ts'

const noop = async (): Promise<void> => undefined
const usual = defineJob<{ n: number }>({ name: 'usual', run: noop })
const unusual = defineJob<{ n: number }>({
  name: 'unusual',
  queue: 'elsewhere',
  attempts: 3,
  version: 2,
  upgrade: { 1: (old) => old },
  priority: 7,
  run: noop,
})

/** Takes from so many lanes at once. */
async function takeFrom(...jobs: readonly { readonly queue: string; readonly name: string }[]) {
  const { db } = await queue()
  const worker = await register(db, { name: 'test', leaseMs: 600_000, report: () => '{}' }, {})
  const bounds = new Bounds(jobs.map(({ queue: of, name }) => ({ queue: of, name })))
  const take = async (): Promise<readonly ClaimedJob[]> =>
    (await claim(db, { bounds, limit: 10, worker }, {})).jobs
  return { db, bounds, take }
}

describe('a completion', () => {
  test.each([undefined, ['1', '2', '3']])(
    'gives those that it had, with results %j',
    async (results) => {
      const { db, take } = await takeFrom(usual)
      await enqueueMany(db, usual, [{ n: 1 }, { n: 2 }, { n: 3 }])
      const ids = (await take()).map(({ id }) => id)
      const [lost] = ids as [string]
      await sql`update yuzuru_jobs set claim = 2 where id = ${lost}::uuid`.execute(db)

      const had = await complete(db, { ids, claim: 1, results }, {})
      expect(had.toSorted()).toEqual(ids.slice(1).toSorted())
      // Once more it has none, and of the other claim it has all.
      expect(await complete(db, { ids, claim: 1, results }, {})).toEqual([])
      expect(await complete(db, { ids: [lost], claim: 2 }, {})).toEqual([lost])
    },
  )
})

describe('a claim hands out', () => {
  test.each([
    ['of one lane', [unusual]],
    ['of several', [unusual, usual]],
  ])('all that a job is, %s', async (_name, kinds) => {
    const { db, bounds, take } = await takeFrom(...kinds)
    const { id } = await enqueue(db, unusual, { n: 1 })
    await sql`
      update yuzuru_jobs set returns = 4, enqueued_at = '2026-01-02T03:04:05Z',
        run_at = now() - interval '1 hour'`.execute(db)
    const [job] = await take()
    expect(job).toMatchObject({ id, claim: 1, name: 'unusual', queue: 'elsewhere', origin: null })
    expect(job).toMatchObject({
      version: 2,
      attempt: 1,
      attempts: 3,
      returns: 4,
      payload: '{"n":1}',
    })
    expect(job?.enqueuedAt).toBe(Date.UTC(2026, 0, 2, 3, 4, 5))
    const waitedMs = performance.now() - (job?.dueAt ?? 0)
    expect(waitedMs).toBeGreaterThan(3_590_000)
    expect(waitedMs).toBeLessThan(3_900_000)

    await sql`update yuzuru_jobs set worker = null, returns = 0, enqueued_at = run_at`.execute(db)
    bounds.clear()
    const [again] = await take()
    expect(again).toMatchObject({ claim: 2, attempt: 2, attempts: 3, returns: 0 })
    expect(again?.enqueuedAt).toBeGreaterThan(Date.UTC(2026, 0, 3))
  })
})
