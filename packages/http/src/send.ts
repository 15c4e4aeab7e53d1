import type { Permit } from '@yuzuru/concurrency/sync'
import { failure, outcomeOnceSent } from './call-context.ts'
import { type Closing, closedFailure } from './closing.ts'
import { Exchange, type ExchangeInit, type ExchangeOwner } from './exchange.ts'
import type { HttpResponse } from './http-response.ts'
import type { Origin } from './origin.ts'
import { isWhole, type RequestBody } from './request-body.ts'
import { whyUnreadable } from './used-sources.ts'
import { makeBody, wireBody, type WireBody } from './wire-body.ts'

/** What one sending needs to know. */
export interface SendInit extends ExchangeInit {
  readonly body: RequestBody | undefined
  readonly closing: Closing
}

/** Sends one request over one connection, once. */
export function send(origin: Origin, init: SendInit): Promise<HttpResponse> {
  const { body } = init
  if (body !== undefined && (typeof body === 'function' || !isWhole(body))) {
    return sendLater(origin, init)
  }
  // Nothing to wait for: the way of nearly all requests.
  const permit = origin.tryEnter()
  if (permit === undefined) return sendLater(origin, init)
  return open(origin, init, body === undefined ? undefined : wireBody(body), permit)
}

async function sendLater(origin: Origin, init: SendInit): Promise<HttpResponse> {
  const permit = origin.tryEnter() ?? (await origin.enter(init.context))
  let body: WireBody | undefined
  try {
    init.signal.throwIfAborted()
    body = await bodyOf(init)
    if (init.signal.aborted) body?.stop(init.signal.reason)
    init.signal.throwIfAborted()
  } catch (error) {
    permit.release()
    throw error
  }
  return await open(origin, init, body, permit)
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
class Slot implements ExchangeOwner {
  readonly #origin: Origin
  readonly #closing: Closing
  readonly #permit: Permit

  constructor(origin: Origin, closing: Closing, permit: Permit) {
    this.#origin = origin
    this.#closing = closing
    this.#permit = permit
  }

  release(exchange: Exchange): void {
    this.#origin.exchanges.delete(exchange)
    this.#permit.release()
    this.#closing.release()
  }
}

function open(
  origin: Origin,
  init: SendInit,
  body: WireBody | undefined,
  permit: Permit,
): Promise<HttpResponse> {
  const { context, closing } = init
  if (!closing.open()) {
    permit.release()
    return Promise.reject(closedFailure(context))
  }
  const exchange = new Exchange(init, body, new Slot(origin, closing, permit))
  origin.exchanges.add(exchange)
  origin.dispatch(
    {
      origin: origin.name,
      path: context.url.pathname + context.url.search,
      method: context.method,
      headers: lengthened(context.headers, body?.length),
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
