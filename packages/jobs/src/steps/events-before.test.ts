import { expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { stepping } from '../../test/stepping.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { sendEvent } from '../queue/send-event.ts'
import { drainJobs } from '../testing/drain-jobs.ts'

test.each([
  ['one', {}],
  ['one with a key', { key: 'k' }],
  ['one of a group', { group: 'g' }],
  ['one for later', { delayMs: 1 }],
])(
  'an event is from before its job when the transaction of that had begun: %s',
  async (_, options) => {
    const { db } = await queue()
    const got: unknown[] = []
    const job = stepping(async ({ step }) => {
      got.push(await step.waitFor('signed', { key: 'plan 1', timeoutMs: 0 }))
    })
    await db.transaction().execute(async (tx) => {
      await sendEvent(tx, 'signed', 'plan 1', 'in its transaction')
      await sendEvent(db, 'signed', 'plan 1', 'elsewhere, meanwhile')
      await enqueue(tx, job, {}, options)
      if (!('delayMs' in options)) await enqueueMany(tx, job, [{}, {}])
    })
    const jobs = 'delayMs' in options ? 1 : 3
    const drained = async (): Promise<number> => {
      await drainJobs(db, [job])
      return got.length
    }
    await expect.poll(drained).toBe(jobs)
    expect(got).toEqual(Array.from({ length: jobs }, () => undefined))
  },
)
