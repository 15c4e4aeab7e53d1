import type { IncomingMessage } from 'node:http'
import type { Outcome } from '@yuzuru/concurrency'
import type { CurrentRequest } from '../request/current-request.ts'
import { requestIdOf } from '../request/request-id.ts'
import { type TraceContext, traceContextOf } from '../request/trace-context.ts'

/** What a context needs of the request, as long as that lasts. */
interface Lasting {
  readonly request: IncomingMessage
  readonly scope:
    | { readonly expired: boolean; readonly cancelled: boolean; readonly outcome: Outcome }
    | undefined
  doAfter(fn: () => unknown): void
  fail(error: unknown): void
}

/**
 * What a handler knows of its request. What keeps its `AsyncLocalStorage` context keeps this as well, and an
 * idle connection does: Node's timer for it is started as the answer ends. So it lets go of the request then.
 */
export class RequestContext implements CurrentRequest {
  readonly name: string
  #life: Lasting | undefined
  /** Made when somebody asks: most requests of a server without a log never do. */
  #id: string | undefined
  #trace: TraceContext | undefined
  #givenId: string | undefined
  #givenTrace: string | undefined
  #expired = false
  #cancelled = false
  #outcome: Outcome = 'none'

  constructor(name: string, life: Lasting) {
    this.name = name
    this.#life = life
  }

  get id(): string {
    return (this.#id ??= requestIdOf(
      this.#life?.request.headers['x-request-id']?.toString() ?? this.#givenId,
      this.trace,
    ))
  }

  get trace(): TraceContext {
    return (this.#trace ??= traceContextOf(
      this.#life?.request.headers['traceparent']?.toString() ?? this.#givenTrace,
    ))
  }

  set trace(trace: TraceContext) {
    this.#trace = trace
  }

  get expired(): boolean {
    return this.#life?.scope?.expired ?? this.#expired
  }

  get cancelled(): boolean {
    return this.#life?.scope?.cancelled ?? this.#cancelled
  }

  get outcome(): Outcome {
    return this.#life?.scope?.outcome ?? this.#outcome
  }

  after(fn: () => unknown): void {
    if (this.#life === undefined) {
      throw new TypeError('Expected afterResponse to be called before its request has ended')
    }
    this.#life.doAfter(fn)
  }

  fail(error: unknown): void {
    this.#life?.fail(error)
  }

  /** Lets go of the request. */
  leave(): void {
    const life = this.#life
    if (life === undefined) return
    if (this.#id === undefined) this.#givenId = rawHeader(life.request, 'x-request-id')
    if (this.#trace === undefined) this.#givenTrace = rawHeader(life.request, 'traceparent')
    this.#expired = life.scope?.expired === true
    this.#cancelled = life.scope?.cancelled === true
    this.#outcome = life.scope?.outcome ?? 'none'
    this.#life = undefined
  }
}

/** A header, without having all of them read; `undefined` if it came twice, as which of them counts is unclear. */
function rawHeader({ rawHeaders }: IncomingMessage, name: string): string | undefined {
  let found: string | undefined
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const given = rawHeaders[index]
    if (given?.length !== name.length || given.toLowerCase() !== name) continue
    if (found !== undefined) return undefined
    found = rawHeaders[index + 1]
  }
  return found
}
