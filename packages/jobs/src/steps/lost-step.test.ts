import { sleep } from '@yuzuru/concurrency'
import { describe, expect, test } from 'vitest'
import { stepping, stepsOf, withEffects } from '../../test/stepping.ts'
import { takeOver, types, withWorker } from '../../test/with-worker.ts'
import { enqueue } from '../queue/enqueue.ts'

describe('a step whose lease was lost', () => {
  test.each([
    ['by itself', 'unknown'],
    ['in a transaction', 'none'],
  ])('writes nothing and ends its handler, %s: its outcome is %s', async (way, outcome) => {
    const { db } = await withEffects()
    const begun = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<unknown>()
    const job = stepping(async ({ step, jobId }) => {
      const work = async (): Promise<void> => {
        begun.resolve()
        await goOn.promise
      }
      const late =
        way === 'by itself'
          ? step('late', work)
          : step('late', db, async (tx) => {
              await work()
              await tx.insertInto('effects').values({ job_id: jobId, pid: 1 }).execute()
            })
      await late.catch((error: unknown) => ended.resolve(error))
      // The handler that passes over it is cancelled.
      await sleep(Infinity)
    })
    const { id } = await enqueue(db, job, {})
    const events = await withWorker(db, { jobs: [job], leaseMs: 60_000 }, async (all) => {
      await begun.promise
      // Its heartbeats do not see that: the step does.
      await takeOver(db, id)
      goOn.resolve()
      expect(await ended.promise).toMatchObject({ code: 'lease_lost', outcome })
      await expect.poll(() => types(all), { interval: 5 }).toContain('lost')
    })
    expect(types(events)).toEqual(['started', 'lost'])
    expect(await stepsOf(db)).toEqual([])
    expect(await db.selectFrom('effects').selectAll().execute()).toEqual([])
  })
})
