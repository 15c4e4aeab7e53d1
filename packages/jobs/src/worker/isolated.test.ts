import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { isAlive, isolated, saysOf } from '../../test/isolated.ts'
import { queue } from '../../test/queue.ts'
import { startProgram } from '../../test/start-program.ts'
import { leaseOf, types, withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import type { RunIn } from '../job/isolated-kind.ts'
import type { JobState } from '../job/job-state.ts'
import { cancelJob } from '../queue/cancel-job.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'
import { drainJobs } from '../testing/drain-jobs.ts'
import { createWorker } from './worker.ts'

const KINDS: readonly RunIn[] = ['thread', 'process']

describe.each(KINDS)('a handler in a %s', (runIn) => {
  test('knows its job, has its payload as its schema made it, and gives its result', async () => {
    const { db } = await queue()
    const schema = z.object({ n: z.string().transform(Number) })
    const job = isolated('run', runIn, { schema })
    const { id } = await enqueue(db, job, { n: '7' })
    await drainJobs(db, [job])
    const found = await getJob(db, id)
    expect(found).toMatchObject({
      state: 'completed',
      result: {
        n: 7,
        jobId: id,
        attempt: 1,
        attempts: 2,
        enqueued: true,
        cron: 'none',
        aborted: false,
        budget: true,
      },
    })
    const { where } = (found?.result ?? {}) as { where?: string }
    expect(where).not.toBe(`${process.pid}:${threadId}`)
    if (runIn === 'thread') expect(where).toMatch(new RegExp(`^${process.pid}:`))
  })

  test('that is in a loop for ever is ended at its timeout, and what it ran in with it', async () => {
    const { db } = await queue()
    // The start of what it runs in counts.
    const job = isolated('spin', runIn, { attempts: 1, timeoutMs: 8_000 })
    const { id } = await enqueue(db, job, {})
    let pid = 0
    await withWorker(
      db,
      { jobs: [job], graceMs: 50, leaseMs: 6_000, heartbeatMs: 20 },
      async (events) => {
        pid = ((await saysOf(db, id)) as { pid: number }).pid
        const lease = await leaseOf(db)
        // The loop of the worker turns, and its lease is extended.
        await expect.poll(() => leaseOf(db), { timeout: 60_000 }).not.toBe(lease)
        await expect.poll(() => types(events), { timeout: 60_000 }).toContain('failed')
        expect(types(events)).not.toContain('blocked')
      },
    )
    expect(await getJob(db, id)).toMatchObject({
      state: 'failed',
      lastError: { name: 'TimeoutError', outcome: 'unknown' },
    })
    if (runIn === 'process') expect(isAlive(pid)).toBe(false)
  })

  test('that never yields is ended by cancelJob, once its grace is over', async () => {
    const { db } = await queue()
    const job = isolated('spin', runIn)
    const { id } = await enqueue(db, job, {})
    await withWorker(db, { jobs: [job], heartbeatMs: 10, graceMs: 10 }, async (events) => {
      await saysOf(db, id)
      expect(await cancelJob(db, id)).toBe('requested')
      await expect.poll(() => types(events), { timeout: 60_000 }).toContain('cancelled')
    })
    expect(await getJob(db, id)).toMatchObject({ state: 'cancelled' })
  })

  test('has a signal that cancelJob fires, and ends in its own time', async () => {
    const { db } = await queue()
    await using folder = await mkdtempDisposable(join(tmpdir(), 'yuzuru-jobs-'))
    const file = join(folder.path, 'ended')
    const job = isolated('wait', runIn)
    const { id } = await enqueue(db, job, { file })
    await withWorker(db, { jobs: [job], heartbeatMs: 10, graceMs: 10_000 }, async (events) => {
      expect(await saysOf(db, id)).toBe('waits')
      await cancelJob(db, id)
      await expect.poll(() => types(events), { timeout: 60_000 }).toContain('cancelled')
    })
    expect(readFileSync(file, 'utf8')).toBe('aborted: true')
  })

  test('goes back by a shutdown, with its attempt, and nothing is left of what it ran in', async () => {
    const { db } = await queue()
    const job = isolated('spin', runIn)
    const { id } = await enqueue(db, job, {})
    let pid = 0
    await withWorker(db, { jobs: [job], graceMs: 10 }, async () => {
      pid = ((await saysOf(db, id)) as { pid: number }).pid
    })
    expect(await getJob(db, id)).toMatchObject({ state: 'waiting', attempt: 0, errors: [] })
    if (runIn === 'process') expect(isAlive(pid)).toBe(false)
  })

  const ENDS =
    runIn === 'thread'
      ? ['exit', 'exit 0', 'throw', 'memory']
      : ['SIGKILL', 'exit', 'exit 0', 'disconnect', 'throw', 'memory']
  test.each(ENDS)('that crashes (%s) fails its own attempt, and no other job', async (how) => {
    const { db } = await queue()
    const job = isolated('end', runIn, { attempts: 1 })
    const beside = isolated('neighbour', runIn)
    const here = defineJob<object>({ name: 'here', run: async () => {} })
    const { id } = await enqueue(db, job, { how })
    const handles = await enqueueMany(db, beside, [{ n: 300 }, { n: 1 }, { n: 2 }])
    const { id: own } = await enqueue(db, here, {})
    const options = { jobs: [job, beside, here], threads: 3, processes: 3, maxHeapMb: 64 }
    await createWorker(db, options).runUntilIdle()
    const found = await getJob(db, id)
    expect(found).toMatchObject({
      state: 'failed',
      attempt: 1,
      lastError: { name: 'JobError', code: 'handler_crashed', outcome: 'unknown' },
    })
    expect(found?.lastError?.message).toMatch(
      /^the handler of "end" crashed with the (thread|process) that it ran in: /,
    )
    const states: JobState[] = []
    for (const { id: other } of [...handles, { id: own }]) {
      const { state, attempt } = (await getJob(db, other)) ?? {}
      states.push(state as JobState)
      expect(attempt).toBe(1)
    }
    expect(states).toEqual(['completed', 'completed', 'completed', 'completed'])
  })

  test('that crashes is tried again', async () => {
    const { db } = await queue()
    const job = isolated('end', runIn)
    const { id } = await enqueue(db, job, { how: 'exit' })
    expect(await drainJobs(db, [job])).toMatchObject({ retrying: 1, failed: 1 })
    expect((await getJob(db, id))?.errors).toHaveLength(2)
  })

  test('fails with its own error: name, message, code and outcome, which say whether to try again', async () => {
    const { db } = await queue()
    const job = isolated('fail', runIn)
    const handles = await enqueueMany(db, job, [
      { as: 'refused' },
      { as: 'doubt' },
      { as: 'other' },
    ])
    await drainJobs(db, [job])
    const found = await Promise.all(handles.map(({ id }) => getJob(db, id)))
    expect(found.map((each) => [each?.attempt, each?.lastError])).toEqual([
      [1, { name: 'IoError', message: 'the card was refused', code: 'refused', outcome: 'none' }],
      [2, { name: 'IoError', message: 'no answer', code: 'lost', outcome: 'unknown' }],
      [2, { name: 'RangeError', message: 'out of its range', outcome: 'unknown' }],
    ])
  })

  test.each(['step', 'tx', 'completeIn', 'dependencies', 'snooze'])(
    'has no %s, and says why at once',
    async (what) => {
      const { db } = await queue()
      const job = isolated('reach', runIn)
      const { id } = await enqueue(db, job, { what })
      await drainJobs(db, [job])
      expect(await getJob(db, id)).toMatchObject({
        state: 'failed',
        attempt: 1,
        lastError: {
          name: 'TypeError',
          message: `Expected the handler of "reach" to do without ${what}, got a use of it: it needs the worker's database, and the handler runs in a ${runIn} of its own`,
        },
      })
    },
  )

  test('gives only what is JSON, and says of its progress only what is, up to 16 KiB', async () => {
    const { db } = await queue()
    const give = isolated('give', runIn)
    const say = isolated('say', runIn)
    const handles = [
      await enqueue(db, give, { what: 'nothing' }),
      await enqueue(db, give, { what: 'date' }),
      await enqueue(db, give, { what: 'function' }),
      await enqueue(db, say, { bytes: 16_382 }),
      await enqueue(db, say, { bytes: 16_383 }),
    ]
    await drainJobs(db, [give, say])
    const found = await Promise.all(handles.map(({ id }) => getJob(db, id)))
    expect(found.map((each) => each?.state)).toEqual([
      'completed',
      'failed',
      'failed',
      'completed',
      'failed',
    ])
    expect(found.map((each) => each?.lastError?.message)).toEqual([
      undefined,
      'Expected the result of "give" to be JSON, got an instance of Date',
      'Expected the result of "give" to be JSON, got a function',
      undefined,
      'Expected the progress to take at most 16384 bytes as JSON, got 16385',
    ])
  })

  test('whose module is not there, or has no such handler, says so', async () => {
    const { db } = await queue()
    const missing = isolated('run', runIn, {
      name: 'missing',
      module: new URL('file:///nowhere.ts'),
    })
    const none = isolated('run', runIn, { name: 'none', handler: 'notAFunction' })
    const { id } = await enqueue(db, missing, {})
    const { id: other } = await enqueue(db, none, {})
    await drainJobs(db, [missing, none])
    expect(await getJob(db, id)).toMatchObject({
      state: 'failed',
      attempt: 2,
      lastError: {
        code: 'module_failed',
        message: `the module of "missing" could not be loaded in its ${runIn}`,
      },
    })
    expect(await getJob(db, other)).toMatchObject({
      state: 'failed',
      attempt: 1,
      lastError: { message: 'Expected the module of "none" to export a function "notAFunction"' },
    })
  })
})

test('a loop in a thread that never yields sees that it is to end', async () => {
  const { db } = await queue()
  await using folder = await mkdtempDisposable(join(tmpdir(), 'yuzuru-jobs-'))
  const file = join(folder.path, 'ended')
  const job = isolated('look', 'thread')
  const { id } = await enqueue(db, job, { file })
  await withWorker(db, { jobs: [job], heartbeatMs: 10, graceMs: 10_000 }, async (events) => {
    expect(await saysOf(db, id)).toBe('looks')
    await cancelJob(db, id)
    await expect.poll(() => types(events), { timeout: 60_000 }).toContain('cancelled')
  })
  expect(readFileSync(file, 'utf8')).toBe('aborted: true')
})

test('a payload that its schema makes of something that cannot be sent fails its job at once', async () => {
  const { db } = await queue()
  const schema = z.object({}).transform(() => ({ call: () => 1 }))
  const job = isolated('run', 'thread', { schema })
  const { id } = await enqueue(db, job, {})
  await drainJobs(db, [job])
  expect(await getJob(db, id)).toMatchObject({
    state: 'failed',
    attempt: 1,
    lastError: {
      message: 'Expected the payload of "run", as its schema makes it, to be serialisable',
    },
  })
})

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'a worker that is ended by %s leaves no process behind, though its handler never yields',
  async (signal) => {
    const { db, url } = await queue()
    const job = isolated('spin', 'process')
    const { id } = await enqueue(db, job, {})
    const child = startProgram('isolated-process.ts', url)
    const exited = once(child, 'exit')
    const { pid } = (await saysOf(db, id)) as { pid: number }
    expect(isAlive(pid)).toBe(true)
    child.kill(signal)
    await exited
    if (signal === 'SIGTERM') expect(child.exitCode).toBe(143)
    await expect.poll(() => isAlive(pid), { timeout: 60_000 }).toBe(false)
  },
)
