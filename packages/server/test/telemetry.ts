import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { otel } from '@yuzuru/concurrency/otel'

/** OpenTelemetry's own SDK, in memory. */
export class Telemetry implements AsyncDisposable {
  readonly #spans = new InMemorySpanExporter()
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  readonly #tracers = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(this.#spans)],
  })
  readonly #meters = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: this.#metrics })],
  })
  readonly #subscription = otel({
    tracer: this.#tracers.getTracer('test'),
    meter: this.#meters.getMeter('test'),
  })

  get spans(): readonly ReadableSpan[] {
    return this.#spans.getFinishedSpans()
  }

  /** A metric as it is now. */
  async metric(name: string): Promise<{
    readonly unit: string | undefined
    readonly points: readonly { readonly attributes: object; readonly value: unknown }[]
  }> {
    await this.#meters.forceFlush()
    const last = this.#metrics.getMetrics().at(-1)
    const all = last?.scopeMetrics.flatMap(({ metrics }) => metrics)
    const found = all?.find(({ descriptor }) => descriptor.name === name)
    return { unit: found?.descriptor.unit, points: found?.dataPoints ?? [] }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscription[Symbol.dispose]()
    await this.#tracers.shutdown()
    await this.#meters.shutdown()
  }
}
