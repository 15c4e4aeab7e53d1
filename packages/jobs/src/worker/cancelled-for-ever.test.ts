import { cancelScope, sleep } from '@yuzuru/concurrency'
import { expect, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { MOST_RETURNS } from './verdict.ts'
import { createWorker } from './worker.ts'

test('a handler that always lets a Cancelled pass is not retried for ever', async () => {
  const { db } = await queue()
  let runs = 0
  const job = defineJob<object>({
    name: 'always-cancelled',
    attempts: 2,
    backoff: () => 0,
    run: async () => {
      runs += 1
      await cancelScope(async (scope) => {
        scope.cancel('from within')
        await sleep(1)
      })
    },
  })
  const { id } = await enqueue(db, job, {})
  await createWorker(db, { jobs: [job] }).runUntilIdle()
  expect(runs).toBe(MOST_RETURNS + 2)
  expect(await getJob(db, id)).toMatchObject({
    state: 'failed',
    attempt: 2,
    lastError: { name: 'Cancelled' },
  })
})
