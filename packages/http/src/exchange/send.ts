import type { Closing } from '@yuzuru/concurrency/boundary'
import type { Permit } from '@yuzuru/concurrency/sync'
import type { OriginConnections } from '../connections/origin-connections.ts'
import {
  type CallContext,
  closedFailure,
  failure,
  outcomeOnceSent,
} from '../errors/call-context.ts'
import type { RequestBudget } from '../request/budget.ts'
import { isWhole, type RequestBody } from '../request/request-body.ts'
import { whyUnreadable } from '../request/used-sources.ts'
import { makeBody, wireBody, type WireBody } from '../request/wire-body.ts'
import type { HttpResponse } from '../response/http-response.ts'
import { Exchange, type ExchangeInit, type ExchangeOwner } from './exchange.ts'

/** What one sending needs to know. */
export interface SendInit extends ExchangeInit {
  readonly body: RequestBody | undefined
  /** How long it may wait for a connection, in milliseconds. */
  readonly acquireTimeoutMs: number
  readonly closing: Closing<CallContext>
  /** What the other side learns of the deadline, if it may. */
  readonly budget: RequestBudget | undefined
}

/** Sends one request over one connection, once. */
export function send(connections: OriginConnections, init: SendInit): Promise<HttpResponse> {
  const { body, context } = init
  if (body !== undefined && (typeof body === 'function' || !isWhole(body))) {
    return sendLater(connections, init)
  }
  // Nothing to wait for: the way of nearly all requests.
  const permit = connections.tryAcquire(context)
  if (permit === undefined) return sendLater(connections, init)
  return open(connections, init, body === undefined ? undefined : wireBody(body), permit)
}

async function sendLater(connections: OriginConnections, init: SendInit): Promise<HttpResponse> {
  const { context, signal, acquireTimeoutMs } = init
  const permit =
    connections.tryAcquire(context) ?? (await connections.acquire(context, acquireTimeoutMs))
  let body: WireBody | undefined
  try {
    signal.throwIfAborted()
    body = await bodyOf(init)
    if (signal.aborted) body?.stop(signal.reason)
    signal.throwIfAborted()
  } catch (error) {
    permit.release()
    throw error
  }
  return await open(connections, init, body, permit)
}

/** The body of this sending, unless it would come out empty or in part. */
async function bodyOf({ context, body, progress }: SendInit): Promise<WireBody | undefined> {
  if (body === undefined) return undefined
  // A form of an interceptor's: its boundary is in no header.
  if (body instanceof FormData) throw new TypeError('Expected a body of bytes, got a FormData')
  const content = typeof body === 'function' ? await makeBody(context, body) : body
  const why = whyUnreadable(content)
  if (why === undefined) return wireBody(content)
  const cause = new TypeError(`Expected a body that is still to be read, got ${why}`)
  // What was sent before belongs to this call too: an interceptor may send a request twice.
  const outcome = progress.sent ? outcomeOnceSent(context) : 'none'
  const init = { outcome, retryable: false, cause } as const
  throw failure(context, 'request_body_failed', 'was not sent: its body is used up', init)
}

/** The connection that an exchange holds. */
class HeldConnection implements ExchangeOwner {
  readonly #connections: OriginConnections
  readonly #closing: Closing<CallContext>
  readonly #permit: Permit
  #kept: Permit | undefined = undefined

  constructor(connections: OriginConnections, closing: Closing<CallContext>, permit: Permit) {
    this.#connections = connections
    this.#closing = closing
    this.#permit = permit
  }

  handOver(): void {
    this.#kept = this.#closing.keep()
  }

  release(exchange: Exchange): void {
    this.#connections.leave(exchange)
    this.#permit.release()
    this.#kept?.release()
  }
}

function open(
  connections: OriginConnections,
  init: SendInit,
  body: WireBody | undefined,
  permit: Permit,
): Promise<HttpResponse> {
  const { context, closing, budget } = init
  let { headers } = context
  try {
    if (connections.closed) throw closedFailure(context)
    // Now, not before the wait for a connection: it came out of the same purse.
    if (budget !== undefined) headers = budget.headersFor(context)
  } catch (error) {
    permit.release()
    body?.stop(error)
    return Promise.reject(error)
  }
  const exchange = new Exchange(init, body, new HeldConnection(connections, closing, permit))
  connections.dispatch(
    {
      origin: connections.origin,
      path: context.url.pathname + context.url.search,
      method: context.method,
      headers: lengthened(headers, body?.length),
      body: (body?.content ?? null) as string | null,
      headersTimeout: 0,
      bodyTimeout: 0,
      // undici would close the connection after each HEAD.
      reset: context.method === 'HEAD' ? false : (null as unknown as boolean),
    },
    exchange,
  )
  return exchange.response
}

function lengthened(
  headers: Readonly<Record<string, string>>,
  length: number | undefined,
): Record<string, string> {
  if (length === undefined || headers['content-length'] !== undefined) return headers
  return { ...headers, 'content-length': String(length) }
}
