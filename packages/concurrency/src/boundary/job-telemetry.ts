import type { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import {
  type Attributes,
  context,
  type Link,
  type Meter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api'
import { Cancelled } from '../scopes/cancelled.ts'
import { BOUNDARIES, followSpans, type Running } from './follow-spans.ts'
import { errorKind } from './io-error-kind.ts'
import type { EnqueueEvent, JobEvent, LaneEvent } from './job-trace.ts'

/**
 * Reports jobs by the semantic conventions of messaging. A destination is a queue and a kind, such as
 * `default/remind-staff`: that is what a worker subscribes to.
 *
 * @param innermost the span around the caller: the job's, in its handler
 * @returns what ends it
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */
export function reportJobs(
  tracer: Tracer,
  meter: Meter,
  innermost: AsyncLocalStorage<Running>,
): () => void {
  const ends = [
    reportEnqueues(tracer, meter, innermost),
    reportAttempts(tracer, meter, innermost),
    reportLanes(meter),
  ]
  return () => {
    for (const end of ends) end()
  }
}

function reportEnqueues(
  tracer: Tracer,
  meter: Meter,
  innermost: AsyncLocalStorage<Running>,
): () => void {
  const sent = meter.createCounter('messaging.client.sent.messages', {
    unit: '{message}',
    description: 'Number of messages producer attempted to send to the broker.',
  })
  const begin = (event: EnqueueEvent): Running => {
    const outer = innermost.getStore()
    const within = trace.getActiveSpan()
    const active = context.active()
    const attributes = {
      ...laneOf('send', event),
      ...(event.jobId === undefined
        ? { 'messaging.batch.message_count': event.count }
        : { 'messaging.message.id': event.jobId }),
    }
    const span = tracer.startSpan(
      nameOf('send', event),
      { kind: SpanKind.PRODUCER, attributes },
      outer !== undefined && outer.within === within ? trace.setSpan(active, outer.span) : active,
    )
    event.trace = traceparentOf(span)
    return { span, within, startedAt: performance.now() }
  }
  const end = (event: EnqueueEvent, begun: Running): void => {
    const failure = failureOf(event)
    endSpan(begun.span, event, failure)
    sent.add(event.count, { ...laneOf('send', event), ...failure })
  }
  return followSpans('yuzuru:enqueue', innermost, { begin, end })
}

function reportAttempts(
  tracer: Tracer,
  meter: Meter,
  innermost: AsyncLocalStorage<Running>,
): () => void {
  const consumed = meter.createCounter('messaging.client.consumed.messages', {
    unit: '{message}',
    description: 'Number of messages that were delivered to the application.',
  })
  const duration = meter.createHistogram('messaging.process.duration', {
    unit: 's',
    description: 'Duration of processing operation.',
    advice: { explicitBucketBoundaries: BOUNDARIES },
  })
  const waited = meter.createHistogram('yuzuru.jobs.wait', {
    unit: 's',
    description: 'How long jobs had been due when they began',
    advice: { explicitBucketBoundaries: BOUNDARIES },
  })
  const begin = (event: JobEvent): Running => {
    const lane = laneOf('process', event)
    const attributes = {
      ...lane,
      'messaging.operation.type': 'process',
      'messaging.message.id': event.jobId,
      'yuzuru.job.attempt': event.attempt,
    }
    // A trace of its own: an attempt may come days after what enqueued it.
    const span = tracer.startSpan(
      nameOf('process', event),
      { kind: SpanKind.CONSUMER, attributes, links: linksOf(event) },
      ROOT_CONTEXT,
    )
    consumed.add(1, lane)
    waited.record(event.waitedMs / 1_000, lane)
    return { span, within: trace.getActiveSpan(), startedAt: performance.now() }
  }
  const end = (event: JobEvent, begun: Running): void => {
    const failure = failureOf(event)
    endSpan(begun.span, event, failure)
    const seconds = (performance.now() - begun.startedAt) / 1_000
    duration.record(seconds, { ...laneOf('process', event), ...failure })
  }
  return followSpans('yuzuru:job', innermost, { begin, end })
}

function reportLanes(meter: Meter): () => void {
  const depth = meter.createGauge('yuzuru.jobs.depth', {
    unit: '{job}',
    description: 'How many jobs are unfinished, by state',
  })
  const lag = meter.createGauge('yuzuru.jobs.lag', {
    unit: 's',
    description: 'How long the oldest job has been due',
  })
  const record = (message: unknown): void => {
    const event = message as LaneEvent
    const lane = destinationOf(event)
    depth.record(event.due, { ...lane, 'yuzuru.job.state': 'due' })
    depth.record(event.later, { ...lane, 'yuzuru.job.state': 'later' })
    depth.record(event.running, { ...lane, 'yuzuru.job.state': 'running' })
    lag.record(event.oldestDueMs / 1_000, lane)
  }
  subscribe('yuzuru:job-stats', record)
  return () => void unsubscribe('yuzuru:job-stats', record)
}

interface Lane {
  readonly queue: string
  readonly name: string
}

function nameOf(operation: string, { queue, name }: Lane): string {
  return `${operation} ${queue}/${name}`
}

function destinationOf({ queue, name }: Lane): Attributes {
  return {
    'messaging.system': 'yuzuru_jobs',
    'messaging.destination.name': `${queue}/${name}`,
  }
}

function laneOf(operation: string, lane: Lane): Attributes {
  return { 'messaging.operation.name': operation, ...destinationOf(lane) }
}

function failureOf(event: { error?: unknown }): Attributes {
  return 'error' in event ? { 'error.type': errorKind(event.error) } : {}
}

function endSpan(span: Span, event: { error?: unknown }, failure: Attributes): void {
  span.setAttributes(failure)
  if ('error' in event && !Cancelled.isInstance(event.error)) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: errorKind(event.error) })
  }
  span.end()
}

/** @see https://www.w3.org/TR/trace-context/#traceparent-header */
function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}

function linksOf({ origin }: JobEvent): Link[] {
  if (origin === undefined) return []
  const { traceId, spanId, sampled } = origin
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE
  return [{ context: { traceId, spanId, traceFlags, isRemote: true } }]
}
