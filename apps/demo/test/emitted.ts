import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { formatTaskTree } from '@yuzuru/concurrency/inspect'
import { otel } from '@yuzuru/concurrency/otel'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'

const CHANNELS = [
  ...['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((name) => `tracing:yuzuru:io:${name}`),
  'yuzuru:leftover',
  'yuzuru:failure',
]

/** The task tree is looked at once in so many calls. */
const TREE_EVERY = 20

/** Notes all that the packages tell anybody: an operator, a log, a trace. */
export class Emitted implements AsyncDisposable {
  readonly #texts = new Map<string, Set<string>>()
  readonly #stack = new AsyncDisposableStack()
  readonly #spans = new InMemorySpanExporter()
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  readonly #meters: MeterProvider
  #calls = 0

  constructor() {
    const tracers = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(this.#spans)],
    })
    this.#meters = new MeterProvider({
      readers: [new PeriodicExportingMetricReader({ exporter: this.#metrics })],
    })
    const tracer = tracers.getTracer('test')
    this.#stack.use(otel({ tracer, meter: this.#meters.getMeter('test') }))
    for (const name of CHANNELS) this.#subscribe(name)
    this.#listen()
    this.#tap(process.stdout, 'stdout')
    this.#tap(process.stderr, 'stderr')
    this.#stack.defer(() => this.#meters.shutdown())
  }

  /** Notes a value as whoever logs it would see it, with all that hangs on it. */
  note(where: string, value: unknown): void {
    const text =
      typeof value === 'string' ? value : inspect(value, { depth: Infinity, showHidden: true })
    const texts = this.#texts.get(where) ?? new Set()
    texts.add(text)
    this.#texts.set(where, texts)
  }

  /** What was noted, by where. */
  async texts(): Promise<ReadonlyMap<string, string>> {
    await this.#meters.forceFlush()
    for (const { name, attributes, status, events, links } of this.#spans.getFinishedSpans()) {
      this.note('spans', { name, attributes, status, events, links })
    }
    this.note('metrics', this.#metrics.getMetrics())
    return new Map(
      Array.from(this.#texts, ([where, texts]) => [where, [...texts].join('\n')] as const),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }

  #subscribe(name: string): void {
    const listener = (message: unknown): void => {
      this.note(name, message)
      this.#calls += 1
      if (this.#calls % TREE_EVERY === 0) this.note('task tree', formatTaskTree())
    }
    subscribe(name, listener)
    this.#stack.defer(() => void unsubscribe(name, listener))
  }

  #listen(): void {
    const listener = (warning: Error): void => this.note('warnings', warning)
    process.on('warning', listener)
    this.#stack.defer(() => void process.off('warning', listener))
  }

  #tap(stream: NodeJS.WriteStream, where: string): void {
    const write = stream.write.bind(stream)
    stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      this.note(where, String(chunk))
      return Reflect.apply(write, undefined, [chunk, ...rest]) as boolean
    }
    this.#stack.defer(() => void (stream.write = write))
  }
}
