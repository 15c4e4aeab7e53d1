import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import {
  type Context,
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { describe, expect, test, vi } from 'vitest'
import { cancelScope, io, IoError, withTimeout } from './index.ts'
import { Telemetry } from '../test/telemetry.ts'
import { otel } from './otel.ts'

const call = { boundary: 'disk', operation: 'write', effect: 'write' } as const
const shown = {
  'yuzuru.boundary': 'disk',
  'yuzuru.operation': 'write',
  'yuzuru.effect': 'write',
}

describe('otel', () => {
  test('makes a span of each call, named for its boundary and operation', async () => {
    await using telemetry = new Telemetry()
    expect(await io(call, undefined, () => 'written')).toBe('written')
    expect(telemetry.spans).toHaveLength(1)
    const [span] = telemetry.spans
    expect(span?.name).toBe('disk.write')
    expect(span?.attributes).toEqual(shown)
    expect(span?.status.code).toBe(SpanStatusCode.UNSET)
  })

  test('tells the code and the outcome of a failure, and nothing that may be secret', async () => {
    await using telemetry = new Telemetry()
    const error = new IoError('the key hunter2 is wrong', {
      ...call,
      code: 'denied',
      retryable: false,
      outcome: 'unknown',
      cause: new Error('hunter2'),
    })
    const failing = io(call, undefined, () => Promise.reject(error))
    await expect(failing).rejects.toBe(error)
    const [span] = telemetry.spans
    expect(span?.attributes).toEqual({
      ...shown,
      'error.type': 'denied',
      'yuzuru.outcome': 'unknown',
    })
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'denied' })
    expect(span?.events).toEqual([])
    const { name, attributes, status } = span as ReadableSpan
    expect(JSON.stringify({ name, attributes, status })).not.toContain('hunter2')
  })

  test('names an error that is no IoError by its class', async () => {
    await using telemetry = new Telemetry()
    const failing = io(call, undefined, () => Promise.reject(new TypeError('no')))
    await expect(failing).rejects.toThrow(TypeError)
    expect(telemetry.spans[0]?.attributes['error.type']).toBe('TypeError')
  })

  test('takes a timeout for an error and a cancel for none', async () => {
    await using telemetry = new Telemetry()
    await expect(io(call, { timeoutMs: 0 }, () => 1)).rejects.toThrow()
    const cancelled = cancelScope((scope) =>
      io(call, undefined, (signal) => {
        scope.cancel()
        throw signal.reason
      }),
    )
    await expect(cancelled).rejects.toThrow()
    const [timeout, cancel] = telemetry.spans
    expect(timeout?.attributes['error.type']).toBe('timeout')
    expect(timeout?.attributes['yuzuru.outcome']).toBe('none')
    expect(timeout?.status.code).toBe(SpanStatusCode.ERROR)
    expect(cancel?.attributes['error.type']).toBe('cancelled')
    expect(cancel?.status.code).toBe(SpanStatusCode.UNSET)
  })

  test('makes the span of an inner call a child of the outer one, and siblings siblings', async () => {
    await using telemetry = new Telemetry()
    await io({ ...call, operation: 'outer' }, undefined, async () => {
      await Promise.all([
        withTimeout(1_000, () => io({ ...call, operation: 'a' }, undefined, async () => 1)),
        io({ ...call, operation: 'b' }, undefined, async () => 2),
      ])
    })
    await io({ ...call, operation: 'after' }, undefined, () => 3)
    const by = new Map(telemetry.spans.map((span) => [span.name, span]))
    const outer = by.get('disk.outer')?.spanContext().spanId
    expect(outer).toBeDefined()
    expect(by.get('disk.a')?.parentSpanContext?.spanId).toBe(outer)
    expect(by.get('disk.b')?.parentSpanContext?.spanId).toBe(outer)
    expect(by.get('disk.after')?.parentSpanContext).toBeUndefined()
  })

  test('a span that something else made active within a call is the parent of what is called in it', async () => {
    const active = new AsyncLocalStorage<Context>()
    context.setGlobalContextManager({
      active: () => active.getStore() ?? ROOT_CONTEXT,
      with: (each, fn, self, ...args) => active.run(each, () => fn.call(self as never, ...args)),
      bind: (_, target) => target,
      enable: () => context as never,
      disable: () => context as never,
    })
    try {
      await using telemetry = new Telemetry()
      const other = new BasicTracerProvider().getTracer('other').startSpan('template')
      await io({ ...call, operation: 'outer' }, undefined, () =>
        context.with(trace.setSpan(context.active(), other), () =>
          io({ ...call, operation: 'inner' }, undefined, async () => 1),
        ),
      )
      const inner = telemetry.spans.find(({ name }) => name === 'disk.inner')
      expect(inner?.parentSpanContext?.spanId).toBe(other.spanContext().spanId)
    } finally {
      context.disable()
    }
  })

  test('measures in seconds, by kind of failure, with units that are named', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    try {
      await using telemetry = new Telemetry()
      await vi.advanceTimersByTimeAsync(10_000)
      const failing = io(call, undefined, async () => {
        vi.advanceTimersByTime(1_500)
        throw new TypeError('no')
      })
      await expect(failing).rejects.toThrow('no')
      expect(await telemetry.points('yuzuru.io.duration')).toMatchObject([
        { attributes: { ...shown, 'error.type': 'TypeError' }, value: { sum: 1.5 } },
      ])
      expect(telemetry.units).toEqual({ 'yuzuru.io.duration': 's', 'yuzuru.io.active': '{call}' })
      expect(telemetry.spans[0]?.kind).toBe(SpanKind.CLIENT)
    } finally {
      vi.useRealTimers()
    }
  })

  test('measures how long calls take and how many are under way', async () => {
    await using telemetry = new Telemetry()
    const release = Promise.withResolvers<void>()
    const running = io(call, undefined, () => release.promise)
    expect(await telemetry.points('yuzuru.io.active')).toMatchObject([
      { attributes: shown, value: 1 },
    ])
    release.resolve()
    await running
    expect(await telemetry.points('yuzuru.io.active')).toMatchObject([
      { attributes: shown, value: 0 },
    ])
    expect(await telemetry.points('yuzuru.io.duration')).toMatchObject([
      { attributes: shown, value: { count: 1 } },
    ])
  })

  test('says nothing once it is disposed of, and of calls that began before it', async () => {
    const release = Promise.withResolvers<void>()
    const before = io(call, undefined, () => release.promise)
    // Somebody else has listened since before; so the end of this one is told, though not its start.
    const { start } = tracingChannel('yuzuru:io')
    const listener = (): void => undefined
    start.subscribe(listener)
    const begun = io(call, undefined, () => release.promise)
    await using telemetry = new Telemetry()
    release.resolve()
    await Promise.all([before, begun])
    start.unsubscribe(listener)
    expect(await telemetry.points('yuzuru.io.active')).toEqual([])
    telemetry.stop()
    await io(call, undefined, () => 1)
    expect(telemetry.spans).toEqual([])
    expect(await telemetry.points('yuzuru.io.active')).toEqual([])
    expect(tracingChannel('yuzuru:io').hasSubscribers).toBe(false)
  })

  test('takes the global providers where it is given none', async () => {
    const spans = new InMemorySpanExporter()
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
    trace.setGlobalTracerProvider(provider)
    try {
      using _telemetry = otel()
      await io(call, undefined, () => 1)
    } finally {
      trace.disable()
    }
    expect(spans.getFinishedSpans()).toHaveLength(1)
    await provider.shutdown()
  })
})
