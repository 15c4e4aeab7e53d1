import { exerciseOptions, type OptionsTaker } from '@yuzuru/concurrency/testing'
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely'
import { afterAll, describe, expect, test } from 'vitest'
import * as dashboards from './dashboard.ts'
import * as index from './index.ts'
import * as testing from './testing.ts'

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
const takers: Readonly<Record<string, OptionsTaker>> = {
  cancelJob: (options) => index.cancelJob(db, id, options),
  changeLimits: (options) => index.changeLimits(db, job, {}, options),
  'changeLimits.limits': (limits) => index.changeLimits(db, job, limits),
  createWorker: (options) => index.createWorker(db, options),
  dashboard: (options) => dashboards.dashboard(options),
  defineBatchJob: (options) => index.defineBatchJob(options),
  defineIsolatedJob: (options) => index.defineIsolatedJob(options),
  defineJob: (options) => index.defineJob(options),
  defineCron: (options) => index.defineCron(options),
  deleteCron: (options) => index.deleteCron(db, 'x', options),
  'defineJob.backoff': (backoff) => index.defineJob({ name: 'x', run, backoff }),
  enqueue: (options) => index.enqueue(db, job, {}, options),
  enqueueFlow: (options) => index.enqueueFlow(db, { x: { job, payload: {} } }, options),
  'enqueueFlow.x': (x) => index.enqueueFlow(db, { x }),
  enqueueMany: (options) => index.enqueueMany(db, job, [{}], options),
  findJobs: (options) => index.findJobs(db, options),
  getJob: (options) => index.getJob(db, id, options),
  jobStats: (options) => index.jobStats(db, options),
  listCrons: (options) => index.listCrons(db, options),
  pauseCron: (options) => index.pauseCron(db, 'x', options),
  pauseQueue: (options) => index.pauseQueue(db, { job }, options),
  'pauseQueue.target': (target) => index.pauseQueue(db, target),
  prune: (options) => index.prune(db, options),
  resumeCron: (options) => index.resumeCron(db, 'x', options),
  resumeQueue: (options) => index.resumeQueue(db, { queue: 'x' }, options),
  'resumeQueue.target': (target) => index.resumeQueue(db, target),
  retryJob: (options) => index.retryJob(db, id, options),
  retryJobs: (options) => index.retryJobs(db, job, options),
  scaleQueue: (options) => index.scaleQueue(db, { queue: 'x' }, 1, options),
  'scaleQueue.target': (target) => index.scaleQueue(db, target, 1),
  sendEvent: (options) => index.sendEvent(db, 'x', 'y', 1, options),
  waitFor: (options) => index.waitFor(db, job, id, options),
  watchJobs: (options) => index.watchJobs(db, options),
}

const worker = index.createWorker(db, { jobs: [job] })

const cases = exerciseOptions({
  takers,
  others: 'JobError jobsMigrations drainJobs exerciseJobs worker.id worker.run worker.runUntilIdle',
  faces: { '': [index, testing, dashboards], worker },
})

describe('a misspelt option is refused by', () => {
  for (const { name, run } of cases) test(name, run)

  test('enqueue, which names the nearest', async () => {
    await expect(index.enqueue(db, job, {}, { delayms: 1 } as never)).rejects.toThrow(
      'Expected a known option of enqueue, got "delayms"; did you mean "delayMs"?',
    )
  })

  test('enqueueMany, for which one key would be one for all', async () => {
    await expect(index.enqueueMany(db, job, [{}], { key: 'k' } as never)).rejects.toThrow(
      'Expected a known option of enqueueMany, got "key"',
    )
  })
})
