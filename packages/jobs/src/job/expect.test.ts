import type { Kysely } from 'kysely'
import { describe, expect, test } from 'vitest'
import type { TestSchema } from '../../test/open-kysely.ts'
import { openKysely } from '../../test/open-kysely.ts'
import { queue } from '../../test/queue.ts'
import { defineCron } from '../cron/define-cron.ts'
import { changeLimits } from '../queue/change-limits.ts'
import { enqueueFlow } from '../queue/enqueue-flow.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { findJobs } from '../queue/find-jobs.ts'
import { pauseQueue } from '../queue/pause-queue.ts'
import { retryJobs } from '../queue/retry-jobs.ts'
import { sendEvent } from '../queue/send-event.ts'
import { createWorker } from '../worker/worker.ts'
import { defineJob } from './define-job.ts'

type Db = Kysely<TestSchema>

/** An emoji that was cut in two, as `slice` does. */
const HALF = 'Hanako 😀'.slice(0, -1)

const run = async (): Promise<void> => undefined
const job = defineJob<object>({ name: 'remind', tenant: () => 'tokyo', run })
const keyed = defineJob<string>({ name: 'keyed', key: (text) => text.slice(0, 8), run })

const WAYS: Record<string, (db: Db) => unknown> = {
  'the name of a kind': () => defineJob({ name: HALF, run }),
  'the queue of a kind': () => defineJob({ name: 'any', queue: HALF, run }),
  'the name of a cron': () => defineCron({ name: HALF, job, payload: {}, schedule: '@daily' }),
  'a queue': (db) => enqueue(db, job, {}, { queue: HALF }),
  'a key': (db) => enqueue(db, job, {}, { key: HALF }),
  'a key that the kind makes': (db) => enqueueMany(db, keyed, ['Taro', 'Hanako 😀']),
  'a group': (db) => enqueue(db, job, {}, { group: HALF }),
  'a tenant': (db) => enqueue(db, job, {}, { tenant: HALF }),
  'a tag': (db) => enqueue(db, job, {}, { tags: [HALF] }),
  'a part of a flow': (db) => enqueueFlow(db, { [HALF]: { job, payload: {} } }),
  'an event': (db) => sendEvent(db, HALF, 'plan', null),
  'the key of an event': (db) => sendEvent(db, 'signed', HALF, null),
  'a tag to find': (db) => findJobs(db, { tags: [HALF] }),
  'a kind to find': (db) => findJobs(db, { job: HALF }),
  'a kind to retry': (db) => retryJobs(db, HALF),
  'a kind to limit': (db) => changeLimits(db, HALF, { concurrency: 1 }),
  'a queue to pause': (db) => pauseQueue(db, { queue: HALF }),
  'the queues of a worker': (db) => createWorker(db, { jobs: [job], queues: [HALF] }),
}

describe('a text with half a surrogate pair', () => {
  test.each(Object.entries(WAYS))('is refused before any I/O: %s', async (_, way) => {
    const untouched = openKysely('postgres://127.0.0.1:1/none', 1)
    const refused = Promise.try(() => way(untouched))
    await expect(refused).rejects.toThrow(/^Expected .* to be well-formed text, got /)
    await expect(refused).rejects.toBeInstanceOf(TypeError)
    await untouched.destroy()
  })

  test('is taken in a payload, and whole emoji everywhere', async () => {
    const { db } = await queue()
    const whole = 'Hanako 😀'
    const first = await enqueue(db, job, { HALF }, { key: whole, group: whole, tags: [whole] })
    const second = await enqueue(db, job, { HALF }, { key: whole, group: whole, tags: [whole] })
    expect([first.created, second.created, second.id]).toEqual([true, false, first.id])
    expect((await findJobs(db, { tags: [whole] })).jobs).toMatchObject([{ id: first.id }])
  })
})
