import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CancelScope } from '@yuzuru/concurrency'
import { Event } from '@yuzuru/concurrency/sync'
import type { CurrentRequest } from '../request/current-request.ts'
import { requestIdOf } from '../request/request-id.ts'
import { CLIENT_GONE, type RequestLine } from '../request/request-log.ts'
import { type TraceContext, traceContextOf } from '../request/trace-context.ts'

/** One request, from its head to the end of its answer. */
export class RequestLife implements CurrentRequest {
  readonly name: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** What is to be done after the answer. */
  readonly later: (() => unknown)[] = []
  /** The scope that the handler runs in. */
  scope: CancelScope | undefined
  /** What the handler failed with, if it is the server's failure. */
  failure: unknown
  readonly #startedAt: number = performance.now()
  readonly #closed: Event
  /** Whether the client left before it had any answer. */
  #isGone = false
  /** Made when somebody asks: most requests of a server without a log never do. */
  #id: string | undefined
  #trace: TraceContext | undefined

  constructor(name: string, request: IncomingMessage, response: ServerResponse) {
    this.name = name
    this.request = request
    this.response = response
    this.#closed = new Event({ name: `end of the answer to ${name}` })
    response.once('close', () => this.#end())
  }

  get id(): string {
    return (this.#id ??= requestIdOf(this.request.headers['x-request-id']?.toString()))
  }

  get trace(): TraceContext {
    return (this.#trace ??= traceContextOf(this.request.headers['traceparent']?.toString()))
  }

  set trace(trace: TraceContext) {
    this.#trace = trace
  }

  get expired(): boolean {
    return this.scope?.expired === true
  }

  /** How long it has been here, in milliseconds. */
  get ageMs(): number {
    return performance.now() - this.#startedAt
  }

  after(fn: () => unknown): void {
    this.later.push(fn)
  }

  fail(error: unknown): void {
    this.failure ??= error
  }

  /** Waits until the answer has left, or its client has; obeys the scope around it. */
  async closed(): Promise<void> {
    await this.#closed.wait()
  }

  /** What the log says of it. */
  line(): RequestLine {
    return {
      requestId: this.id,
      traceId: this.trace.traceId,
      method: this.request.method ?? '',
      route: this.name,
      status: this.#isGone ? CLIENT_GONE : this.response.statusCode,
      durationMs: Math.round((performance.now() - this.#startedAt) * 10) / 10,
      ...(this.failure === undefined ? {} : { err: this.failure }),
    }
  }

  #end(): void {
    // What the client no longer waits for ends: its SQL, its upload, its mail.
    const { headersSent, writableFinished } = this.response
    this.#isGone = !headersSent
    if (!writableFinished) this.scope?.cancel('the client has gone')
    this.#closed.set()
  }
}
