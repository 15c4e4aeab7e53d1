import { expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { types, withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'

test('a worker whose event loop stood still says so, and lets go of what it ran', async () => {
  const { db } = await queue()
  let runs = 0
  const job = defineJob<object>({
    name: 'blocks',
    run: async (_, { signal }) => {
      runs += 1
      if (runs > 1) return
      // For longer than the lease: nothing renews it behind the loop's back.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600)
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      signal.throwIfAborted()
    },
  })
  const { id } = await enqueue(db, job, {})
  const options = { jobs: [job], leaseMs: 200, heartbeatMs: 50 }
  const events = await withWorker(db, options, async () => {
    await expect
      .poll(() => getJob(db, id), { interval: 20, timeout: 100_000 })
      .toMatchObject({ state: 'completed' })
  })
  const blocked = events.find((event) => event.type === 'blocked')
  expect(blocked?.forMs).toBeGreaterThan(200)
  expect(types(events)).toContain('lost')
  expect(runs).toBe(2)
})
