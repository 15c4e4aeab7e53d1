import { expectCallRetry } from './request/retry-when.ts'
import { currentClock, remaining } from '@yuzuru/concurrency'
import {
  expectBoolean,
  expected,
  expectMilliseconds,
  expectNumber,
  expectOptions,
} from '@yuzuru/concurrency/boundary'
import { ACCEPTED_ENCODINGS } from './response/content-decoder.ts'
import type { Mode, PreparedCall } from './attempts/prepared-call.ts'
import { effectOf } from './request/effect-of.ts'
import { HTTP_INIT, type HttpInit, type RedirectMode } from './request/http-init.ts'
import { multipartOf } from './request/multipart.ts'
import { isBody, isReplayable, type RequestBody } from './request/request-body.ts'
import { expectValue, isToken, mergeHeaders } from './request/request-headers.ts'
import { REDIRECTS } from './attempts/redirects.ts'
import { requestUrl, takesClientHeaders } from './request/request-url.ts'
import { expectRedirect, type Settings } from './settings.ts'
import { whyUnreadable } from './request/used-sources.ts'

/** What `request` accepts at the most when nothing else is said. */
const MAX_BYTES = 64 * 1024 * 1024

/** Checks a call. Throws a `TypeError` before anything is sent. */
export function prepare(
  settings: Settings,
  target: string | URL,
  init: HttpInit,
  mode: Mode,
): PreparedCall {
  expectOptions(init, HTTP_INIT, `http.${mode}`)
  const body = bodyOf(init)
  const method = methodOf(init, body)
  const url = requestUrl(settings, target, init.query)
  const own = takesClientHeaders(settings, url) ? settings.headers : {}
  const headers = mergeHeaders(own, init.headers)
  if (mode === 'json') headers['accept'] ??= 'application/json'
  if (init.json !== undefined) headers['content-type'] ??= 'application/json'
  if (body instanceof URLSearchParams) {
    headers['content-type'] ??= 'application/x-www-form-urlencoded;charset=UTF-8'
  } else if (init.body instanceof FormData && body instanceof Blob) {
    expectNoType(init.headers)
    headers['content-type'] = body.type
  } else if (body instanceof Blob && body.type !== '') {
    headers['content-type'] ??= body.type
  }
  const { decompress = settings.decompress } = init
  expectBoolean('decompress', decompress)
  // A part of an encoded body could not be decoded.
  const asksEncoded = decompress && method !== 'HEAD' && headers['range'] === undefined
  if (asksEncoded) headers['accept-encoding'] ??= ACCEPTED_ENCODINGS
  if (init.idempotencyKey !== undefined) {
    expectValue('idempotency-key', init.idempotencyKey)
    headers['idempotency-key'] = init.idempotencyKey
  }
  const { redirect = settings.redirect } = init
  expectRedirect(redirect)
  if (init.maxBytes !== undefined) expectNumber('maxBytes', init.maxBytes, 0)
  const { acquireTimeoutMs = settings.acquireTimeoutMs } = init
  expectMilliseconds('acquireTimeoutMs', acquireTimeoutMs)
  const retry = expectCallRetry(init.retry)
  const effect = effectOf(method, headers)
  return {
    context: { method, url, effect, headers },
    body,
    given: init.body instanceof FormData ? init.body : body,
    replayable: isReplayable(body),
    redirect,
    maxBytes: init.maxBytes ?? settings.maxBytes ?? (mode === 'stream' ? Infinity : MAX_BYTES),
    acquireTimeoutMs,
    acceptStatus: acceptOf(init.acceptStatus ?? isSuccess, redirect),
    decompress: asksEncoded,
    retry,
    mode,
    options: { signal: init.signal, timeoutMs: init.timeoutMs ?? settings.timeouts.totalMs },
    patience: mode === 'stream' ? patienceOf(init.timeoutMs) : undefined,
    deadline: deadlineOf(init.timeoutMs),
  }
}

/** The caller of a `stream` reads on after its head, until the deadlines around it or its own pass. */
function patienceOf(timeoutMs: number = Infinity): number {
  return currentClock().now() + Math.min(timeoutMs, remaining())
}

function deadlineOf(timeoutMs: number | undefined): PreparedCall['deadline'] {
  if (timeoutMs === undefined || timeoutMs === Infinity) return undefined
  return { at: currentClock().now() + timeoutMs, timeoutMs }
}

function acceptOf(
  accept: (status: number) => boolean,
  redirect: RedirectMode,
): (status: number) => boolean {
  if (redirect !== 'manual') return accept
  return (status) => accept(status) || REDIRECTS.has(status)
}

function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299
}

function methodOf(init: HttpInit, body: RequestBody | undefined): string {
  const { method = body === undefined ? 'GET' : 'POST' } = init
  if (typeof method !== 'string' || !isToken(method)) {
    throw expected('method to be an HTTP method', method)
  }
  const upper = method.toUpperCase()
  if (upper === 'CONNECT') throw new TypeError('Expected method to be other than CONNECT')
  if (body !== undefined && (upper === 'GET' || upper === 'HEAD')) {
    throw new TypeError(`Expected no body with ${upper}, got one`)
  }
  return upper
}

function bodyOf(init: HttpInit): RequestBody | undefined {
  if (init.json !== undefined) {
    if (init.body !== undefined) throw new TypeError('Expected either body or json, got both')
    const text: unknown = JSON.stringify(init.json)
    if (typeof text === 'string') return text
    throw expected('json to be a value of JSON', init.json)
  }
  if (init.body instanceof FormData) return multipartOf(init.body)
  if (init.body === undefined || isBody(init.body)) {
    const why = whyUnreadable(init.body)
    if (why === undefined) return init.body
    throw new TypeError(`Expected a body that is still to be read, got ${why}`)
  }
  throw expected('body to be a string, bytes, a stream or a function', init.body)
}

/** The boundary of a form is part of its type, and made with it. */
function expectNoType(headers: HttpInit['headers']): void {
  const isGiven = Object.keys(headers ?? {}).some((name) => name.toLowerCase() === 'content-type')
  if (isGiven) throw new TypeError('Expected no content-type with a FormData, got one')
}
