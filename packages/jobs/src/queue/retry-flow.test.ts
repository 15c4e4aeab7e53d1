import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { queue, type Queue } from '../../test/queue.ts'
import { withWorker } from '../../test/with-worker.ts'
import { defineJob } from '../job/define-job.ts'
import { drainJobs } from '../testing/drain-jobs.ts'
import { cancelJob } from './cancel-job.ts'
import { enqueueFlow } from './enqueue-flow.ts'
import { getJob } from './get-job.ts'
import { retryJob } from './retry-job.ts'
import { retryJobs } from './retry-jobs.ts'
import { sendEvent } from './send-event.ts'

/** A kind that fails until it is mended, and then runs for as long as `gate` says. */
function fragile(name: string) {
  const log: string[] = []
  const gate = { open: (): void => undefined, opened: Promise.resolve() }
  const mend = { isMended: false }
  const job = defineJob<{ part: string }>({
    name,
    attempts: 1,
    run: async ({ part }) => {
      if (!mend.isMended) throw new Error('not yet')
      log.push(`${part} begins`)
      await gate.opened
      log.push(`${part} ends`)
    },
  })
  const close = (): void => {
    const { promise, resolve } = Promise.withResolvers<void>()
    gate.opened = promise
    gate.open = resolve
  }
  return { job, log, gate, mend, close }
}

const stateOf = async ({ db }: Queue, id: string | undefined): Promise<string | undefined> =>
  (await getJob(db, id ?? ''))?.state

describe('a job of a flow that is put back', () => {
  test('waits for what comes before it and was put back', async () => {
    const fresh = await queue()
    const { db } = fresh
    const { job, log, gate, mend, close } = fragile('part')
    const flow = await enqueueFlow(db, {
      a: { job, payload: { part: 'a' } },
      b: { job, payload: { part: 'b' }, after: 'a' },
      c: { job, payload: { part: 'c' }, after: 'b' },
    })
    await drainJobs(db, [job])
    expect(await stateOf(fresh, flow.c[0]?.id)).toBe('failed')
    mend.isMended = true
    close()
    for (const [handle] of [flow.a, flow.b, flow.c]) {
      expect(await retryJob(db, handle?.id ?? '')).toBe(true)
    }
    expect(await getJob(db, flow.b[0]?.id ?? '')).toMatchObject({
      state: 'waiting',
      runAt: undefined,
    })
    await withWorker(db, { jobs: [job], concurrency: 5 }, async () => {
      await expect.poll(() => log).toEqual(['a begins'])
      gate.open()
      await expect.poll(() => stateOf(fresh, flow.c[0]?.id)).toBe('completed')
    })
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  })

  test('waits for what is put back with it by one retryJobs', async () => {
    const { db } = await queue()
    const { job, log, mend } = fragile('part')
    await enqueueFlow(db, {
      a: { job, payloads: [{ part: 'a' }, { part: 'a' }] },
      b: { job, payload: { part: 'b' }, after: 'a' },
    })
    await drainJobs(db, [job])
    mend.isMended = true
    expect(await retryJobs(db, job)).toEqual({ retried: 3, kept: 0 })
    await drainJobs(db, [job])
    expect(log.slice(-2)).toEqual(['b begins', 'b ends'])
    expect(log).toHaveLength(6)
  })

  test('waits for what is put back with it, though it has run itself', async () => {
    const fresh = await queue()
    const { db } = fresh
    const { job, log, gate, mend, close } = fragile('part')
    const flow = await enqueueFlow(db, {
      a: { job, payload: { part: 'a' } },
      b: { job, payload: { part: 'b' }, after: 'a', onFailure: 'ignore' },
      c: { job, payload: { part: 'c' }, after: 'b' },
    })
    await drainJobs(db, [job])
    // It has run, and so has what comes after it, alone.
    expect(await retryJob(db, flow.c[0]?.id ?? '')).toBe(true)
    await drainJobs(db, [job])
    for (const [handle] of [flow.b, flow.c]) {
      expect(await getJob(db, handle?.id ?? '')).toMatchObject({ state: 'failed', attempt: 1 })
    }
    mend.isMended = true
    close()
    for (const [handle] of [flow.a, flow.b, flow.c]) {
      expect(await retryJob(db, handle?.id ?? '')).toBe(true)
    }
    await withWorker(db, { jobs: [job], concurrency: 5 }, async () => {
      await expect.poll(() => log).toEqual(['a begins'])
      gate.open()
      await expect.poll(() => stateOf(fresh, flow.c[0]?.id)).toBe('completed')
    })
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  })

  test('waits for that also when an event comes which its last run waited for', async () => {
    const fresh = await queue()
    const { db } = fresh
    const { job, log, mend } = fragile('part')
    let runs = 0
    const asking = defineJob<object>({
      name: 'asking',
      attempts: 1,
      run: async (_, { step }) => {
        runs += 1
        if (runs === 2) throw new Error('not yet')
        log.push(`signed by ${await step.waitFor<string>('signed', { key: 'plan' })}`)
      },
    })
    const flow = await enqueueFlow(db, {
      a: { job, payload: { part: 'a' } },
      b: { job: asking, payload: {}, after: 'a', onFailure: 'ignore' },
    })
    const id = flow.b[0]?.id ?? ''
    await drainJobs(db, [job, asking])
    // It waits for the event, and is made to fail by a time that is over.
    await sql`update yuzuru_jobs set run_at = now() where id = ${id}::uuid`.execute(db)
    await drainJobs(db, [job, asking])
    expect(await getJob(db, id)).toMatchObject({ state: 'failed' })
    mend.isMended = true
    expect(await retryJob(db, flow.a[0]?.id ?? '')).toBe(true)
    expect(await retryJob(db, id)).toBe(true)
    await sendEvent(db, 'signed', 'plan', 'hanako')
    await drainJobs(db, [asking])
    expect(log).toEqual([])
    await drainJobs(db, [job, asking])
    expect(log).toEqual(['a begins', 'a ends', 'signed by hanako'])
  })

  test('fails again with what comes before it', async () => {
    const fresh = await queue()
    const { db } = fresh
    const { job } = fragile('part')
    const flow = await enqueueFlow(db, {
      a: { job, payload: { part: 'a' } },
      b: { job, payload: { part: 'b' }, after: 'a' },
    })
    await drainJobs(db, [job])
    expect(await retryJobs(db, job)).toEqual({ retried: 2, kept: 0 })
    await drainJobs(db, [job])
    const found = await getJob(db, flow.b[0]?.id ?? '')
    expect(found).toMatchObject({ state: 'failed', lastError: { code: 'dependency_failed' } })
  })

  test('waits for what goes on before it, where it was cancelled, also in a group', async () => {
    const fresh = await queue()
    const { db } = fresh
    const { job, log, mend } = fragile('part')
    mend.isMended = true
    const line = defineJob<{ part: string }>({
      name: 'line',
      group: () => 'g',
      run: async ({ part }) => void log.push(`${part} runs`),
    })
    const flow = await enqueueFlow(db, {
      a: { job, payload: { part: 'a' } },
      b: { job: line, payload: { part: 'b' }, after: 'a' },
    })
    expect(await cancelJob(db, flow.b[0]?.id ?? '')).toBe('cancelled')
    expect(await retryJob(db, flow.b[0]?.id ?? '')).toBe(true)
    await drainJobs(db, [line])
    expect(log).toEqual([])
    await drainJobs(db, [job, line])
    expect(log).toEqual(['a begins', 'a ends', 'b runs'])
  })

  test('runs at once where what comes before it stays as it ended', async () => {
    const { db } = await queue()
    const { job, log, mend } = fragile('part')
    const flow = await enqueueFlow(db, {
      a: { job, payload: { part: 'a' } },
      b: { job, payload: { part: 'b' }, after: 'a' },
    })
    await drainJobs(db, [job])
    mend.isMended = true
    expect(await retryJob(db, flow.b[0]?.id ?? '')).toBe(true)
    await drainJobs(db, [job])
    expect(log).toEqual(['b begins', 'b ends'])
  })
})
