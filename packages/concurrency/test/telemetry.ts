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
import { otel } from '../src/otel.ts'

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

  get spans(): ReadableSpan[] {
    return this.#spans.getFinishedSpans()
  }

  /** The points of a metric, as they are now. */
  async points(name: string): Promise<readonly { attributes: object; value: unknown }[]> {
    await this.#meters.forceFlush()
    const last = this.#metrics.getMetrics().at(-1)
    const found = last?.scopeMetrics.flatMap((scope) => scope.metrics)
    return found?.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []
  }

  get units(): Record<string, string> {
    const found = this.#metrics
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap(({ metrics }) => metrics)
    return Object.fromEntries(
      (found ?? []).map(({ descriptor }) => [descriptor.name, descriptor.unit]),
    )
  }

  stop(): void {
    this.#subscription[Symbol.dispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop()
    await this.#tracers.shutdown()
    await this.#meters.shutdown()
  }
}
