import { tracingChannel } from 'node:diagnostics_channel'
import { io } from '@yuzuru/concurrency'
import { type EnqueueEvent, isInBackground, type JobEvent } from '@yuzuru/concurrency/boundary'
import { sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { queue } from '../../test/queue.ts'
import { defineJob } from '../job/define-job.ts'
import { enqueue, enqueueMany } from '../queue/enqueue.ts'
import { createWorker } from './worker.ts'

interface Call {
  readonly boundary: string
  readonly operation: string
  readonly background: boolean
}

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

/** What traces hear; an enqueue gets a span. */
function listen() {
  const enqueues: EnqueueEvent[] = []
  const jobs: JobEvent[] = []
  const calls: Call[] = []
  const spanned = (message: unknown): void => {
    const event = message as EnqueueEvent
    event.trace = `00-${traceId}-${spanId}-01`
    enqueues.push(event)
  }
  const heard = (message: unknown): number => jobs.push(message as JobEvent)
  const called = (message: unknown): number =>
    calls.push({ ...(message as Call), background: isInBackground() })
  const channels = [
    [tracingChannel<EnqueueEvent>('yuzuru:enqueue').start, spanned],
    [tracingChannel<JobEvent>('yuzuru:job').start, heard],
    [tracingChannel('yuzuru:io').start, called],
  ] as const
  for (const [channel, listener] of channels) channel.subscribe(listener)
  onTestFinished(() => {
    for (const [channel, listener] of channels) channel.unsubscribe(listener)
  })
  return { enqueues, jobs, calls }
}

const asking = defineJob<object>({
  name: 'asking',
  run: async () => {
    await io({ boundary: 'test', operation: 'ask', effect: 'read' }, undefined, () => 1)
  },
})

describe('a job', () => {
  test('is linked to the span that enqueued it', async () => {
    const { db } = await queue()
    const { enqueues, jobs } = listen()
    const { id } = await enqueue(db, asking, {}, { queue: 'other' })
    await enqueueMany(db, asking, [{}, {}])
    await createWorker(db, { jobs: [asking], queues: ['other', 'default'] }).runUntilIdle()
    expect(enqueues).toMatchObject([
      { queue: 'other', name: 'asking', count: 1, jobId: id },
      { queue: 'default', name: 'asking', count: 2, jobId: undefined },
    ])
    const origin = { traceId, spanId, sampled: true, state: undefined }
    expect(jobs).toHaveLength(3)
    expect(new Set(jobs.map((job) => JSON.stringify(job.origin)))).toEqual(
      new Set([JSON.stringify(origin)]),
    )
    expect(jobs.find(({ jobId }) => jobId === id)).toMatchObject({ queue: 'other', attempt: 1 })
    for (const { waitedMs } of jobs) expect(waitedMs).toBeGreaterThanOrEqual(0)
  })

  test('has the calls of its handler in the foreground, and those of its worker in the background', async () => {
    const { db } = await queue()
    await enqueue(db, asking, {})
    const { calls } = listen()
    await createWorker(db, { jobs: [asking] }).runUntilIdle()
    const [ours, own] = [calls.filter(isAsk), calls.filter((call) => !isAsk(call))]
    expect(ours).toMatchObject([{ operation: 'ask' }])
    expect(ours[0]?.background).toBe(false)
    expect(own.length).toBeGreaterThan(3)
    expect(own.filter(({ background }) => !background)).toEqual([])
  })

  test('keeps nothing where nobody traces', async () => {
    const { db } = await queue()
    await enqueue(db, asking, {})
    const { rows } = await sql`select origin from yuzuru_jobs`.execute(db)
    expect(rows).toEqual([{ origin: null }])
  })
})

function isAsk({ boundary }: Call): boolean {
  return boundary === 'test'
}
