import { AsyncResource } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type CancelScope, currentClock } from '@yuzuru/concurrency'
import type { EnteredScope, RefusalCode, Ring } from '@yuzuru/concurrency/boundary'
import { Event } from '@yuzuru/concurrency/sync'
import type { Entrant, Pass } from '../overload/gate.ts'
import type { RequestPriority } from '../overload/request-priority.ts'
import { CLIENT_GONE, type RequestLine } from '../request/request-log.ts'
import type { TraceContext } from '../request/trace-context.ts'
import type { Due } from './deadlines.ts'
import { RequestContext } from './request-context.ts'

/** Calls the handler of a request. */
export type CallHandler = (request: IncomingMessage, response: ServerResponse) => unknown

/** Calls none: the request has failed before its handler began. */
export function failWith(error: unknown): CallHandler {
  return () => {
    throw error
  }
}

/** What a request failed with. */
export interface Failure {
  readonly error: unknown
}

/** What hears of a request's turn. */
interface Turns {
  begin(life: RequestLife): void
  refuse(life: RequestLife, code: RefusalCode): void
}

/** One request, from its head to the end of its answer. */
export class RequestLife implements Entrant, Due<RequestLife> {
  // What its head says of it; set once that was read.
  name: string = ''
  priority: RequestPriority = 'interactive'
  expiresAt: number = Infinity
  next: CallHandler
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly startedAt: number
  pass: Pass | undefined
  /** Its place among those under way; see `Lives`. */
  place = -1
  /** What is to be done after the answer; made when there is some. */
  later: (() => unknown)[] | undefined
  /** What the handler runs in. */
  entered: EnteredScope | undefined
  // Its place among those that fall due; see `Deadlines`.
  home: Ring<RequestLife> | undefined = undefined
  before: RequestLife = this
  after: RequestLife = this
  /** Whether the handler has returned, or failed. */
  isSettled = false
  /** Whether it waits for its turn. */
  isWaiting = false
  /** Whether its scope is being ended. */
  isEnding = false
  /** Settles when the handler has, once its scope was cancelled. */
  cancelled: PromiseWithResolvers<Failure | undefined> | undefined
  /** Settles when its scope has ended, where that takes its time. */
  ending: Promise<Failure | undefined> | undefined
  /** What the handler failed with, if it is the server's failure. */
  failure: unknown
  readonly #turns: Turns
  #context: RequestContext | undefined
  #resource: AsyncResource | undefined
  #closed: Event | undefined
  /** Whether the client left before it had any answer. */
  #isGone = false

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    next: CallHandler,
    turns: Turns,
    now: number,
  ) {
    this.request = request
    this.response = response
    this.next = next
    this.#turns = turns
    this.startedAt = now
  }

  /** What its handler knows of it. */
  get context(): RequestContext {
    return (this.#context ??= new RequestContext(this.name, this))
  }

  get scope(): CancelScope | undefined {
    return this.entered?.scope
  }

  get isAnswering(): boolean {
    return this.response.headersSent
  }

  /** Its turn may come by the end of another request, whose context is none of its own. */
  wait(): void {
    this.isWaiting = true
    this.#resource = new AsyncResource('YuzuruRequest')
  }

  begin(): void {
    this.#resource?.runInAsyncScope(() => this.#turns.begin(this))
  }

  refuse(code: RefusalCode): void {
    this.#resource?.runInAsyncScope(() => this.#turns.refuse(this, code))
  }

  get trace(): TraceContext {
    return this.context.trace
  }

  set trace(trace: TraceContext) {
    this.context.trace = trace
  }

  /** How long it has been here, in milliseconds. */
  get ageMs(): number {
    return currentClock().now() - this.startedAt
  }

  expire(): void {
    this.entered?.expire()
  }

  /** Notes work for after its answer. */
  doAfter(fn: () => unknown): void {
    ;(this.later ??= []).push(fn)
  }

  fail(error: unknown): void {
    this.failure ??= error
  }

  /** Waits until the answer has left, or its client has; obeys the scope around it. */
  async closed(): Promise<void> {
    if (this.response.closed) return
    this.#closed ??= new Event({ name: `end of the answer to ${this.name}` })
    await this.#closed.wait()
  }

  /** What the log says of it. */
  line(): RequestLine {
    const durationMs = Math.round((currentClock().now() - this.startedAt) * 10) / 10
    const line = {
      requestId: this.context.id,
      traceId: this.context.trace.traceId,
      method: this.request.method ?? '',
      route: this.name,
      status: this.#isGone ? CLIENT_GONE : this.response.statusCode,
      durationMs,
    }
    return this.failure === undefined ? line : { ...line, err: this.failure }
  }

  /** To be called when the answer has left, or its client has. */
  end(): void {
    // What the client no longer waits for ends: its SQL, its upload, its mail.
    const { headersSent, writableFinished } = this.response
    this.#isGone = !headersSent
    if (!writableFinished) this.scope?.cancel('the client has gone')
    this.#closed?.set()
  }
}
