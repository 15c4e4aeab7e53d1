import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Queryable } from '@yuzuru/db'
import { defineIsolatedJob, type IsolatedJobOptions } from '../../job/define-isolated-job.ts'
import type { RunIn } from '../../job/isolated-kind.ts'
import type { Job } from '../../job/job.ts'
import { cancelJob } from '../../queue/cancel-job.ts'
import { enqueue } from '../../queue/enqueue.ts'
import { getJob, type JobRecord } from '../../queue/get-job.ts'
import { waitFor } from '../../queue/wait-for.ts'
import { drainJobs } from '../drain-jobs.ts'
import type { Cases } from './jobs-fixture.ts'
import { ownName, recorder, withWorker } from './kinds.ts'

/** The handlers: a module of their own, which needs nothing beside it. */
const HANDLERS = `
export async function run({ n }, { jobId, attempt, attempts, enqueuedAt, cron, signal, progress }) {
  progress({ pid: process.pid })
  if (n === 1 && attempt === 1) throw new Error('once more')
  const known = [typeof jobId, attempts, enqueuedAt instanceof Date, cron, signal.aborted]
  return { pid: process.pid, known: known.join() }
}
export function end() {
  process.exit(3)
}
export function spin(_, { progress }) {
  progress('spins')
  for (;;);
}
`

type Make = (
  handler: string,
  options?: Partial<IsolatedJobOptions<unknown, unknown, unknown, string>>,
) => Job

/** Gives what defines kinds of the handlers above, which are there until `body` has ended. */
async function withHandlers(runIn: RunIn, body: (make: Make) => Promise<void>): Promise<void> {
  // Without what Node 20 lacks: there the package says which Node it needs, and no import of ours may fail before.
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'yuzuru-exercise-'))
  stack.defer(() => rm(folder, { recursive: true }))
  const module = join(folder, 'handlers.mjs')
  await writeFile(module, HANDLERS)
  const define = defineIsolatedJob as (options: object) => Job
  await body((handler, options) =>
    define({ name: ownName(), runIn, module, handler, attempts: 2, backoff: () => 0, ...options }),
  )
}

/** A job, once its handler has said something of its progress. */
async function begun<DB>(db: Queryable<DB>, id: string): Promise<JobRecord> {
  for (;;) {
    const job = await getJob(db, id)
    if (job?.progress !== undefined) return job
    assert.notEqual(job?.state, 'failed', `got ${job?.lastError?.message}`)
  }
}

async function givesItsResult<DB>(db: Queryable<DB>, runIn: RunIn): Promise<void> {
  await withHandlers(runIn, async (make) => {
    const job = make('run')
    const { id } = await enqueue(db, job, { n: 1 })
    const { completed, retrying } = await drainJobs(db, [job])
    assert.deepEqual({ completed, retrying }, { completed: 1, retrying: 1 })
    const { result, progress } = (await getJob(db, id)) ?? {}
    const { pid, known } = result as { pid: number; known: string }
    assert.equal(known, 'string,2,true,,false')
    assert.equal(pid === process.pid, runIn === 'thread')
    assert.deepEqual(progress?.value, { pid })
  })
}

async function failsAlone<DB>(db: Queryable<DB>, runIn: RunIn): Promise<void> {
  await withHandlers(runIn, async (make) => {
    const job = make('end', { attempts: 1 })
    const beside = make('run')
    const { job: here } = recorder()
    const { id } = await enqueue(db, job, {})
    await enqueue(db, beside, { n: 0 })
    await enqueue(db, here, { n: 0 })
    const { completed, failed } = await drainJobs(db, [job, beside, here])
    assert.deepEqual({ completed, failed }, { completed: 2, failed: 1 })
    assert.equal((await getJob(db, id))?.lastError?.code, 'handler_crashed')
  })
}

async function isKilled<DB>(db: Queryable<DB>, runIn: RunIn): Promise<void> {
  await withHandlers(runIn, async (make) => {
    const job = make('spin')
    const late = make('spin', { attempts: 1, timeoutMs: 1_000 })
    const { job: here } = recorder()
    const options = { jobs: [job, late, here], leaseMs: 60_000, heartbeatMs: 20, graceMs: 10 }
    const places = { threads: 1, processes: 1, maxHeapMb: 64 }
    await withWorker(db, { ...options, ...places }, async () => {
      const { id } = await enqueue(db, job, {})
      await begun(db, id)
      // The worker's own loop turns meanwhile, and has its places.
      await waitFor(db, here, (await enqueue(db, here, { n: 1 })).id, { timeoutMs: 60_000 })
      assert.equal(await cancelJob(db, id), 'requested')
      await assert.rejects(waitFor(db, job, id, { timeoutMs: 60_000 }), { code: 'job_cancelled' })
      const { id: other } = await enqueue(db, late, {})
      await assert.rejects(waitFor(db, late, other, { timeoutMs: 60_000 }), { code: 'job_failed' })
      assert.equal((await getJob(db, other))?.lastError?.name, 'TimeoutError')
    })
  })
}

/** Handlers in threads and processes. */
export const isolatedCases: Cases = {
  'a handler in a thread knows its job, is tried again and gives its result': ({ db }) =>
    givesItsResult(db, 'thread'),

  'a handler in a process knows its job, is tried again and gives its result': ({ db }) =>
    givesItsResult(db, 'process'),

  'a handler that ends its thread fails alone': ({ db }) => failsAlone(db, 'thread'),

  'a handler that ends its process fails alone': ({ db }) => failsAlone(db, 'process'),

  'a handler in a thread that never ends is ended by a cancel and by its timeout': ({ db }) =>
    isKilled(db, 'thread'),

  'a handler in a process that never ends is ended by a cancel and by its timeout': ({ db }) =>
    isKilled(db, 'process'),
}
