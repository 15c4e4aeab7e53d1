import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { cancelJob } from './queue/cancel-job.ts'
import { enqueue, enqueueMany } from './queue/enqueue.ts'
import { queue, type Queue } from '../test/queue.ts'
import { getJob } from './queue/get-job.ts'
import { defineJob } from './job/define-job.ts'
import { jobStats } from './queue/job-stats.ts'
import { prune } from './queue/prune.ts'
import { retryJob } from './queue/retry-job.ts'
import { createWorker } from './worker/worker.ts'

const DROP = 'drop table canary; create table harmed ()'
const HOSTILE: readonly string[] = [
  `1; ${DROP}; --`,
  `'; ${DROP}; --`,
  `"; ${DROP}; --`,
  `\\'; ${DROP}; --`,
  `'); ${DROP}; --`,
  `1 second'; ${DROP}; --`,
  `x\0; ${DROP}; --`,
  `now(); ${DROP}`,
  '',
  'x'.repeat(600),
]

/** Texts go where a type says otherwise: as they come from a request in JavaScript. */
function unchecked(value: unknown): never {
  return value as never
}

type Db = Queue['db']

const remind = defineJob<unknown>({ name: 'remind', run: async () => undefined })

const WAYS: Record<string, (db: Db, text: string) => unknown> = {
  'the name of a job': (db, text) =>
    enqueue(db, defineJob({ name: text, run: async () => undefined }), {}),
  'a payload': (db, text) => enqueue(db, remind, { text }),
  payloads: (db, text) => enqueueMany(db, remind, [{ text }, text]),
  queue: (db, text) => enqueue(db, remind, {}, { queue: text }),
  uniqueKey: (db, text) => enqueue(db, remind, {}, { uniqueKey: text }),
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

describe('hostile text', () => {
  for (const [name, way] of Object.entries(WAYS)) {
    test(`is a value and nothing else: ${name}`, async () => {
      const { db } = await queue()
      await sql`create table canary ()`.execute(db)
      for (const text of HOSTILE) {
        try {
          await way(db, text)
        } catch (error) {
          // Refused before it is sent, or by the server as a value: never as text that is no SQL.
          const refused =
            (error instanceof TypeError && error.message.startsWith('Expected ')) ||
            sqlStateOf(error)?.startsWith('22') === true
          expect({ error, refused }).toMatchObject({ refused: true })
        }
        const { rows } = await sql`
          select to_regclass('canary') is not null as canary,
            to_regclass('harmed') is not null as harmed`.execute(db)
        expect(rows).toEqual([{ canary: true, harmed: false }])
      }
    })
  }
})

function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('sqlState' in error && typeof error.sqlState === 'string') return error.sqlState
  if (error.cause === undefined) return 'code' in error ? String(error.code) : undefined
  return sqlStateOf(error.cause)
}
