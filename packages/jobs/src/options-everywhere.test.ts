import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely'
import { afterAll, describe, expect, test } from 'vitest'
import * as index from './index.ts'
import * as testing from './testing.ts'

/** An option with a slip of the pen, which JavaScript would pass over. */
type Misspelt = never

let connected = 0
class CountingDriver extends DummyDriver {
  override async init(): Promise<void> {
    connected += 1
  }
}
const db = new Kysely<object>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new CountingDriver(),
    createIntrospector: (of) => new PostgresIntrospector(of),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})
afterAll(async () => {
  // Nothing was sent, not even a connection was opened.
  expect(connected).toBe(0)
  await index.getJob(db, id)
  expect(connected).toBe(1)
})

const id = '00000000-0000-4000-8000-000000000000'
const run = async (): Promise<void> => {}
const job = index.defineJob({ name: 'x', run })

/** Each public function or method that takes options, and each option that has some of its own. */
const takers: Readonly<Record<string, (options: Misspelt) => unknown>> = {
  cancelJob: (options) => index.cancelJob(db, id, options),
  createWorker: (options) => index.createWorker(db, options),
  defineJob: (options) => index.defineJob(options),
  'defineJob.backoff': (backoff) => index.defineJob({ name: 'x', run, backoff }),
  enqueue: (options) => index.enqueue(db, job, {}, options),
  enqueueMany: (options) => index.enqueueMany(db, job, [{}], options),
  getJob: (options) => index.getJob(db, id, options),
  jobStats: (options) => index.jobStats(db, options),
  prune: (options) => index.prune(db, options),
  retryJob: (options) => index.retryJob(db, id, options),
}

/** Those that take none. */
const others = new Set(
  'JobError jobsMigrations drainJobs exerciseJobs worker.id worker.run worker.runUntilIdle'.split(
    ' ',
  ),
)

describe('a misspelt option is refused by', () => {
  test.each(Object.entries(takers))('%s', async (name, take) => {
    const attempt = async (): Promise<unknown> => await take({ nmae: 'x' } as never)
    await expect(attempt()).rejects.toThrow(
      /^Expected a known option of [\w.]+, got "nmae"; (did you mean "\w+"\?|it takes )/,
    )
    const none = async (): Promise<unknown> => await take(null as never)
    await expect(none()).rejects.toThrow(TypeError)
    expect(others.has(name)).toBe(false)
  })

  test('enqueue, which names the nearest', async () => {
    await expect(index.enqueue(db, job, {}, { delayms: 1 } as never)).rejects.toThrow(
      'Expected a known option of enqueue, got "delayms"; did you mean "delayMs"?',
    )
  })

  test('enqueueMany, for which one key would be one for all', async () => {
    await expect(index.enqueueMany(db, job, [{}], { uniqueKey: 'k' } as never)).rejects.toThrow(
      'Expected a known option of enqueueMany, got "uniqueKey"',
    )
  })

  test('every public function and method that takes options', () => {
    const worker = index.createWorker(db, { jobs: [job] })
    const names = [
      ...Object.keys(index),
      ...Object.keys(testing),
      ...Object.keys(worker).map((name) => `worker.${name}`),
    ]
    const missing = names.filter((name) => !(name in takers) && !others.has(name))
    expect(missing).toEqual([])
  })
})
