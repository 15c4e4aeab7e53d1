import { expectOptions } from '../arguments/expect-options.ts'
import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import {
  type Attributes,
  context,
  type Meter,
  metrics,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api'
import { Cancelled } from '../scopes/cancelled.ts'
import { isInBackground } from './background.ts'
import { errorKind } from './io-error-kind.ts'
import type { IoEvent } from './io-trace.ts'
import { reportJobs } from './job-telemetry.ts'
import { outcomeOf } from '../scopes/outcome.ts'
import type { Running } from './follow-spans.ts'
import { reportRequests } from './server-telemetry.ts'

const NAME = '@yuzuru/concurrency'

/** Options of {@link otel}. */
export interface OtelOptions {
  /** Makes the spans. @default that of the global provider */
  readonly tracer?: Tracer | undefined
  /** Makes the metrics. @default that of the global provider */
  readonly meter?: Meter | undefined
}

/**
 * Reports every `io()` of the process to OpenTelemetry, until it is disposed of:
 *
 * - a span `<boundary>.<operation>` within the active one or the `io()` around it, with `yuzuru.boundary`, `yuzuru.operation`,
 *   `yuzuru.effect`; for a failure `error.type` and, where it is known, `yuzuru.outcome`. A cancel is no
 *   error status.
 * - the histogram `yuzuru.io.duration` (seconds) with the same attributes,
 * - the up-down counter `yuzuru.io.active`.
 *
 * And every request that `@yuzuru/server` serves, by the semantic conventions of HTTP: a span of kind server,
 * such as `GET /plans/:id`, within the caller's by `traceparent`; the calls of its handler are its children;
 * and the histogram `http.server.request.duration`. Of a request's path, ids are left out, and its query,
 * headers and client's address altogether.
 *
 * And the jobs of `@yuzuru/jobs`, by the semantic conventions of messaging: a span of kind producer, such as
 * `send default/remind-staff`, for each enqueue, and one of kind consumer, `process default/remind-staff`, for
 * each attempt, in a trace of its own with a link to the producer; the calls of the handler are its children. The
 * histograms `messaging.process.duration` and `yuzuru.jobs.wait` (seconds), the counters
 * `messaging.client.sent.messages` and `messaging.client.consumed.messages`, and, as often as `watchJobs` looks, the
 * gauges `yuzuru.jobs.depth` and `yuzuru.jobs.lag`. What a worker does by itself, such as looking for work, is
 * measured but makes no spans.
 *
 * Arguments, results and messages are not recorded: they may be secret.
 *
 * @example
 * using telemetry = otel()
 */
export function otel(options: OtelOptions = {}): Disposable {
  expectOptions(options, ['tracer', 'meter'], 'otel')
  const tracer = options.tracer ?? trace.getTracer(NAME)
  const meter = options.meter ?? metrics.getMeter(NAME)
  const duration = meter.createHistogram('yuzuru.io.duration', {
    unit: 's',
    description: 'How long calls to the outside took',
  })
  const active = meter.createUpDownCounter('yuzuru.io.active', {
    unit: '{call}',
    description: 'How many calls to the outside are under way',
  })
  const running = new WeakMap<object, Partial<Running> & Pick<Running, 'startedAt'>>()
  const innermost = new AsyncLocalStorage<Running>()

  const begin = (event: IoEvent): Running | undefined => {
    active.add(1, attributesOf(event))
    if (isInBackground()) {
      running.set(event, { startedAt: performance.now() })
      return undefined
    }
    const outer = innermost.getStore()
    const within = trace.getActiveSpan()
    const around = context.active()
    const span = tracer.startSpan(
      `${event.boundary}.${event.operation}`,
      { kind: SpanKind.CLIENT, attributes: attributesOf(event) },
      outer !== undefined && outer.within === within ? trace.setSpan(around, outer.span) : around,
    )
    const call = { span, within, startedAt: performance.now() }
    running.set(event, call)
    return call
  }
  const end = (message: unknown): void => {
    const event = message as IoEvent
    const call = running.get(event)
    // It began before anybody listened.
    if (call === undefined) return
    const failure = 'error' in event ? failureOf(event.error) : {}
    call.span?.setAttributes(failure)
    if ('error' in event && !Cancelled.isInstance(event.error)) {
      call.span?.setStatus({ code: SpanStatusCode.ERROR, message: errorKind(event.error) })
    }
    call.span?.end()
    active.add(-1, attributesOf(event))
    const seconds = (performance.now() - call.startedAt) / 1000
    duration.record(seconds, { ...attributesOf(event), ...failure })
  }

  const endRequests = reportRequests(tracer, meter, innermost)
  const endJobs = reportJobs(tracer, meter, innermost)
  const channel = tracingChannel<IoEvent, Running>('yuzuru:io')
  // No store for what has no span: what it calls has none either.
  channel.start.bindStore(innermost, begin as (event: IoEvent) => Running)
  channel.asyncEnd.subscribe(end)
  return {
    [Symbol.dispose]() {
      endRequests()
      endJobs()
      channel.start.unbindStore(innermost)
      channel.asyncEnd.unsubscribe(end)
    },
  }
}

function attributesOf({ boundary, operation, effect }: IoEvent): Attributes {
  return {
    'yuzuru.boundary': boundary,
    'yuzuru.operation': operation,
    'yuzuru.effect': effect,
  }
}

function failureOf(error: unknown): Attributes {
  const outcome = outcomeOf(error)
  return {
    'error.type': errorKind(error),
    ...(outcome === undefined ? {} : { 'yuzuru.outcome': outcome }),
  }
}
