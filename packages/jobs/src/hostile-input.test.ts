import { exerciseHostileTexts } from '@yuzuru/concurrency/testing'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { cancelJob } from './queue/cancel-job.ts'
import { enqueue, enqueueMany } from './queue/enqueue.ts'
import { queue, type Queue } from '../test/queue.ts'
import { findJobs } from './queue/find-jobs.ts'
import { getJob } from './queue/get-job.ts'
import { defineJob } from './job/define-job.ts'
import { jobStats } from './queue/job-stats.ts'
import { prune } from './queue/prune.ts'
import { retryJob } from './queue/retry-job.ts'
import { createWorker } from './worker/worker.ts'

/** Texts go where a type says otherwise: as they come from a request in JavaScript. */
function unchecked(value: unknown): never {
  return value as never
}

type Db = Queue['db']

const remind = defineJob<unknown>({ name: 'remind', run: async () => undefined })
const followed = defineJob<unknown>({
  name: 'followed',
  onConflict: 'replace',
  run: async () => undefined,
})

const WAYS: Record<string, (db: Db, text: string) => unknown> = {
  'the name of a job': (db, text) =>
    enqueue(db, defineJob({ name: text, run: async () => undefined }), {}),
  'a payload': (db, text) => enqueue(db, remind, { text }),
  payloads: (db, text) => enqueueMany(db, remind, [{ text }, text]),
  queue: (db, text) => enqueue(db, remind, {}, { queue: text }),
  key: (db, text) => enqueue(db, remind, {}, { key: text }),
  group: (db, text) => enqueue(db, remind, {}, { group: text }),
  'a key with followers': (db, text) => enqueue(db, followed, {}, { key: text }),
  priority: (db, text) => enqueue(db, remind, {}, { priority: unchecked(text) }),
  runAt: (db, text) => enqueue(db, remind, {}, { runAt: unchecked(text) }),
  delayMs: (db, text) => enqueue(db, remind, {}, { delayMs: unchecked(text) }),
  attempts: (db, text) =>
    enqueue(
      db,
      defineJob({ name: 'a', attempts: unchecked(text), run: async () => undefined }),
      {},
    ),
  'an id': (db, text) => getJob(db, text),
  'an id to cancel': (db, text) => cancelJob(db, text),
  'an id to retry': (db, text) => retryJob(db, text),
  'prune states': (db, text) => prune(db, { olderThanMs: 1, states: unchecked([text]) }),
  'prune age': (db, text) => prune(db, { olderThanMs: unchecked(text) }),
  tags: (db, text) => enqueue(db, remind, {}, { tags: [text] }),
  'tags to find': (db, text) => findJobs(db, { tags: [text, 'other'] }),
  'a kind to find': (db, text) => findJobs(db, { job: text, queue: text }),
  'a page to find': (db, text) => findJobs(db, { after: text }),
  'a limit': (db, text) => jobStats(db, { timeoutMs: unchecked(text) }),
  'the queues of a worker': (db, text) => {
    const worker = createWorker(db, { jobs: [remind], queues: [text] })
    return worker.runUntilIdle()
  },
  'the lease of a worker': (db, text) => {
    const worker = createWorker(db, { jobs: [remind], leaseMs: unchecked(text) })
    return worker.runUntilIdle()
  },
}

interface Attacked extends AsyncDisposable {
  readonly db: Db
}

const cases = exerciseHostileTexts<Attacked>({
  make: async () => {
    const { db } = await queue()
    await sql`create table canary ()`.execute(db)
    return { db, [Symbol.asyncDispose]: async () => undefined }
  },
  ways: Object.fromEntries(
    Object.entries(WAYS).map(([name, way]) => [
      name,
      ({ db }: Attacked, text: string) => way(db, text),
    ]),
  ),
  // What the server would not store as it is, is refused before.
  isRefusal: () => false,
  check: async ({ db }) => {
    const { rows } = await sql`
      select to_regclass('canary') is not null as canary,
        to_regclass('harmed') is not null as harmed`.execute(db)
    expect(rows).toEqual([{ canary: true, harmed: false }])
  },
})

describe('hostile text', () => {
  for (const { name, run } of cases) test(name, run)
})
