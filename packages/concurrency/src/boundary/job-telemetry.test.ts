import { channel } from 'node:diagnostics_channel'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Telemetry } from '../../test/telemetry.ts'
import { cancelScope, io, sleep } from '../index.ts'
import { inBackground } from './background.ts'
import { isJobTraced, type JobEvent, traceEnqueue, traceJob } from './job-trace.ts'

let telemetry: Telemetry
beforeEach(() => {
  telemetry = new Telemetry()
})
afterEach(() => telemetry[Symbol.asyncDispose]())

const query = { boundary: 'db', operation: 'query', effect: 'read' } as const
const lane = { queue: 'default', name: 'remind-staff' }
const about = { ...lane, count: 1, jobId: 'job-1' }
const event: JobEvent = { ...lane, jobId: 'job-1', attempt: 2, waitedMs: 1_500, origin: undefined }
const destination = {
  'messaging.system': 'yuzuru_jobs',
  'messaging.destination.name': 'default/remind-staff',
}

describe('a job', () => {
  test('is linked to the span that enqueued it, and the calls of its handler are its children', async () => {
    let kept: string | undefined
    await io({ boundary: 'web', operation: 'approve', effect: 'write' }, undefined, () =>
      traceEnqueue(
        () => about,
        async (traceparent) => {
          kept = traceparent
        },
      ),
    )
    const [, traceId = '', spanId = ''] = kept?.split('-') ?? []
    const origin = { traceId, spanId, sampled: true, state: undefined }
    await traceJob({ ...event, origin }, async () => {
      await io(query, undefined, () => 1)
    })
    const by = new Map(telemetry.spans.map((span) => [span.name, span]))
    const send = by.get('send default/remind-staff')
    const handled = by.get('process default/remind-staff')
    expect(send?.kind).toBe(SpanKind.PRODUCER)
    expect(send?.parentSpanContext?.spanId).toBe(by.get('web.approve')?.spanContext().spanId)
    expect(send?.spanContext()).toMatchObject({ traceId, spanId })
    expect(handled?.kind).toBe(SpanKind.CONSUMER)
    expect(handled?.links.map((link) => link.context.spanId)).toEqual([spanId])
    expect(handled?.spanContext().traceId).not.toBe(traceId)
    expect(handled?.attributes).toEqual({
      ...destination,
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.message.id': 'job-1',
      'yuzuru.job.attempt': 2,
    })
    const child = by.get('db.query')
    expect(child?.parentSpanContext?.spanId).toBe(handled?.spanContext().spanId)
  })

  test('shows the kind of a failure, and no message; a cancel is no error status', async () => {
    const failing = traceJob(event, async () => {
      throw new TypeError('hunter2')
    })
    await expect(failing).rejects.toThrow('hunter2')
    const cancelled = cancelScope((scope) =>
      traceJob(event, async () => {
        scope.cancel('enough')
        await sleep(1)
      }),
    )
    await expect(cancelled).rejects.toThrow('enough')
    const [failed, ended] = telemetry.spans
    expect(failed?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'TypeError' })
    expect(ended?.status.code).toBe(SpanStatusCode.UNSET)
    expect(JSON.stringify([failed?.attributes, failed?.events])).not.toContain('hunter2')
  })

  test('is counted, and how long it waited and took is measured in seconds', async () => {
    await traceEnqueue(
      () => ({ ...about, jobId: undefined, count: 3 }),
      async () => undefined,
    )
    await traceJob(event, async () => undefined)
    expect(await telemetry.points('messaging.client.sent.messages')).toMatchObject([
      { value: 3, attributes: { ...destination, 'messaging.operation.name': 'send' } },
    ])
    expect(await telemetry.points('messaging.client.consumed.messages')).toMatchObject([
      { value: 1 },
    ])
    expect(await telemetry.points('yuzuru.jobs.wait')).toMatchObject([{ value: { sum: 1.5 } }])
    expect(await telemetry.points('messaging.process.duration')).toMatchObject([
      { value: { count: 1 } },
    ])
    expect(telemetry.units).toMatchObject({
      'messaging.process.duration': 's',
      'messaging.client.sent.messages': '{message}',
    })
  })

  test('stands in the gauges of depth and lag', async () => {
    const stats = { ...lane, due: 7, later: 2, running: 1, oldestDueMs: 2_500 }
    channel('yuzuru:job-stats').publish(stats)
    const depth = await telemetry.points('yuzuru.jobs.depth')
    expect(depth.map(({ value }) => value)).toEqual([7, 2, 1])
    expect(await telemetry.points('yuzuru.jobs.lag')).toMatchObject([
      { value: 2.5, attributes: destination },
    ])
  })
})

describe('what is called in the background', () => {
  test('is measured and makes no spans, but the job that it found does', async () => {
    await inBackground(async () => {
      await io(query, undefined, () => io({ ...query, operation: 'inner' }, undefined, () => 1))
      await traceJob(event, async () => {
        await io({ ...query, operation: 'handled' }, undefined, () => 1)
      })
    })
    expect(telemetry.spans.map(({ name }) => name)).toEqual([
      'db.handled',
      'process default/remind-staff',
    ])
    expect(await telemetry.points('yuzuru.io.duration')).toHaveLength(3)
  })
})

test('without telemetry a job is not traced, and nothing is kept with it', async () => {
  telemetry.stop()
  expect(isJobTraced()).toBe(false)
  const kept = await traceEnqueue(
    () => about,
    async (traceparent) => traceparent,
  )
  expect(kept).toBeUndefined()
})
