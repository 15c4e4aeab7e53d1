import {
  expectBoolean,
  expected,
  expectInteger,
  expectMilliseconds,
  expectNumber,
  expectOneOf,
  expectOptions,
} from '@yuzuru/concurrency/boundary'
import type { Dispatcher } from 'undici'
import { expectBreaker } from './attempts/breaker.ts'
import { expectHedge } from './attempts/hedge.ts'
import type { OriginSettings } from './attempts/origin.ts'
import type { PipelineSettings } from './attempts/pipeline.ts'
import { HTTP_OPTIONS, type HttpOptions, type HttpTimeouts } from './http-options.ts'
import type { RedirectMode } from './request/http-init.ts'
import { expectBareOrigin, expectHttpUrl } from './request/bare-origin.ts'
import { expectBudget } from './request/budget.ts'
import { expectProxy } from './connections/proxy.ts'
import { lowerCased } from './request/request-headers.ts'
import { expectRetry } from './attempts/retry-policy.ts'
import { expectTls } from './connections/tls.ts'

/** The options with their defaults, checked: what each room asks for, and what a call is made of. */
export interface Settings extends OriginSettings, PipelineSettings {
  readonly timeouts: Timeouts
  readonly acquireTimeoutMs: number
  readonly maxBytes: number | undefined
  readonly decompress: boolean
  readonly redirect: RedirectMode
}

type Timeouts = Record<keyof HttpTimeouts, number>

const TIMEOUTS: Readonly<Timeouts> = {
  totalMs: 60_000,
  connectMs: 10_000,
  headersMs: 30_000,
  stallMs: 30_000,
  unreadMs: 60_000,
}

/**
 * Checks the options of a client and fills in the defaults.
 *
 * @throws {TypeError} unless all options are in their ranges and fit together
 */
export function expectSettings(options: HttpOptions): Settings {
  expectOptions(options, HTTP_OPTIONS, 'createHttp')
  const { connections = 64, queue = 1_000, acquireTimeoutMs = Infinity } = options
  const { maxRedirects = 5, redirect = 'error', interceptors = [] } = options
  const { allow = 'any', client, maxBytes, decompress = false } = options
  expectBoolean('decompress', decompress)
  expectInteger('connections', connections, 1, 10_000)
  expectInteger('queue', queue, 0, Infinity)
  expectMilliseconds('acquireTimeoutMs', acquireTimeoutMs)
  expectInteger('maxRedirects', maxRedirects, 0, 20)
  expectRedirect(redirect)
  if (maxBytes !== undefined) expectNumber('maxBytes', maxBytes, 0)
  if (allow !== 'any' && allow !== 'public' && typeof allow !== 'function') {
    throw expected("allow to be 'any', 'public' or a function", allow)
  }
  if (options.proxy !== undefined && allow !== 'any') {
    throw new TypeError('Expected either proxy or allow: the proxy resolves the names, unchecked')
  }
  if (client !== undefined) expectClient(client, options)
  if (!Array.isArray(interceptors) || interceptors.some((each) => typeof each !== 'function')) {
    throw new TypeError('Expected interceptors to be a list of functions')
  }
  return {
    origin: options.origin === undefined ? undefined : expectOrigin(options.origin),
    allowedOrigins: expectAllowedOrigins(options.allowedOrigins),
    headers: lowerCased(options.headers ?? {}),
    connections,
    queue,
    acquireTimeoutMs,
    timeouts: expectTimeouts(options.timeouts),
    retry: expectRetry(options.retry),
    breaker: expectBreaker(options.breaker),
    hedge: expectHedge(options.hedge),
    budget: expectBudget(options.budget),
    maxBytes,
    decompress,
    allow,
    redirect,
    maxRedirects,
    interceptors,
    client,
    proxy: expectProxy(options.proxy),
    tls: expectTls(options.tls),
  }
}

/** Throws unless `redirect` is a {@link RedirectMode}. */
export function expectRedirect(redirect: unknown): void {
  expectOneOf('redirect', redirect, ['error', 'follow', 'manual'])
}

/** Throws unless `client` can send, and nothing else is to say how connections are made. */
function expectClient(client: Dispatcher | null, { allow, proxy, tls }: HttpOptions): void {
  if (typeof client?.dispatch !== 'function') throw expected('client to be a Dispatcher', client)
  if (allow !== undefined && allow !== 'any') {
    throw new TypeError(
      'Expected either client or allow: a client makes its own connections, unchecked',
    )
  }
  if (proxy !== undefined || tls !== undefined) {
    throw new TypeError('Expected either client or proxy and tls: it makes its own connections')
  }
}

function expectTimeouts(given: HttpTimeouts = {}): Timeouts {
  expectOptions(given, Object.keys(TIMEOUTS), 'createHttp.timeouts')
  const timeouts = { ...TIMEOUTS }
  for (const name of Object.keys(TIMEOUTS) as (keyof HttpTimeouts)[]) {
    const value = given[name]
    if (value === undefined) continue
    expectMilliseconds(`timeouts.${name}`, value)
    timeouts[name] = value
  }
  return timeouts
}

function expectOrigin(origin: string | URL): URL {
  const url = expectHttpUrl('origin', origin)
  if (url.search !== '' || url.hash !== '') {
    throw new TypeError('Expected origin to be a URL without a query and a fragment')
  }
  url.pathname = url.pathname.replace(/\/$/, '')
  return url
}

function expectAllowedOrigins(given: HttpOptions['allowedOrigins']): Settings['allowedOrigins'] {
  if (given === undefined || given === 'any') return given
  if (!Array.isArray(given)) {
    throw expected("allowedOrigins to be a list of origins or 'any'", given)
  }
  return new Set(
    given.map((each: string | URL) => expectBareOrigin('each of allowedOrigins', each)),
  )
}
