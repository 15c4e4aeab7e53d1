import type { Permit } from '@yuzuru/concurrency'
import type { CallContext } from './call-context.ts'
import type { Closing } from './closing.ts'
import { Exchange } from './exchange.ts'
import { HttpResponse } from './http-response.ts'
import type { Origin } from './origin.ts'
import type { RequestBody } from './request-body.ts'
import type { Settings } from './settings.ts'
import { openBody, wireBody, type WireBody } from './wire-body.ts'

/** What one sending needs to know beyond the request itself. */
export interface SendInit {
  readonly context: CallContext
  readonly body: RequestBody | undefined
  readonly signal: AbortSignal
  readonly whole: boolean
  readonly maxBytes: number
  readonly onSent: () => void
  readonly closing: Closing
  readonly bodySignal: AbortSignal | undefined
  readonly deadline: { readonly at: number; readonly timeoutMs: number } | undefined
}

/** Sends one request over one connection, once. */
export async function send(
  origin: Origin,
  settings: Settings,
  init: SendInit,
): Promise<HttpResponse> {
  const permit = origin.tryEnter() ?? (await origin.enter(init.context))
  let exchange: Exchange
  try {
    init.signal.throwIfAborted()
    // Only a factory is worth a turn of the loop.
    let body: WireBody | undefined
    if (typeof init.body === 'function') {
      body = await openBody(init.context, init.body)
      if (init.signal.aborted) body.stop(init.signal.reason)
      init.signal.throwIfAborted()
    } else if (init.body !== undefined) {
      body = wireBody(init.body)
    }
    exchange = open(origin, settings, init, body, permit)
  } catch (error) {
    permit.release()
    throw error
  }
  const { status, headers, body } = await exchange.answer
  const { context, maxBytes } = init
  return new HttpResponse({ status, headers, body, context, maxBytes })
}

function open(
  origin: Origin,
  settings: Settings,
  init: SendInit,
  body: WireBody | undefined,
  permit: Permit,
): Exchange {
  const { context, signal, whole, maxBytes, onSent, closing } = init
  closing.open(context)
  const exchange = new Exchange({
    context,
    signal,
    whole,
    maxBytes,
    onSent,
    limits: settings.timeouts,
    bodySignal: init.bodySignal,
    deadline: init.deadline,
    requestBody: body,
    onEnd: () => {
      origin.exchanges.delete(exchange)
      permit.release()
      closing.release()
    },
  })
  origin.exchanges.add(exchange)
  origin.dispatch(
    {
      origin: origin.name,
      path: `${context.url.pathname}${context.url.search}`,
      method: context.method,
      headers: lengthened(context.headers, body?.length),
      body: (body?.content ?? null) as string | null,
      headersTimeout: 0,
      bodyTimeout: 0,
      // undici would close the connection after each HEAD.
      ...(context.method === 'HEAD' ? { reset: false } : {}),
    },
    exchange,
  )
  return exchange
}

function lengthened(
  headers: Readonly<Record<string, string>>,
  length: number | undefined,
): Record<string, string> {
  if (length === undefined || headers['content-length'] !== undefined) return headers
  return { ...headers, 'content-length': String(length) }
}
