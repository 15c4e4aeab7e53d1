import { describeValue } from '@yuzuru/concurrency'
import { expectOptions } from '@yuzuru/concurrency/boundary'
import { expectBreaker } from './attempts/breaker.ts'
import { expectAmount, expectInteger } from './expect-number.ts'
import { expectHedge } from './attempts/hedge.ts'
import type { OriginSettings } from './attempts/origin.ts'
import type { PipelineSettings } from './attempts/pipeline.ts'
import { HTTP_OPTIONS, type HttpOptions, type HttpTimeouts } from './http-options.ts'
import type { RedirectMode } from './request/http-init.ts'
import { expectProxy } from './connections/proxy.ts'
import { lowerCased } from './request/request-headers.ts'
import { expectRetry } from './attempts/retry-policy.ts'
import { expectTls } from './connections/tls.ts'

/** The options with their defaults, checked. */
export interface Settings extends OriginSettings, PipelineSettings {
  readonly timeouts: Required<HttpTimeouts>
  readonly maxBytes: number | undefined
  readonly decompress: boolean
  readonly redirect: RedirectMode
}

const TIMEOUTS: Required<HttpTimeouts> = {
  totalMs: 60_000,
  queueMs: Infinity,
  connectMs: 10_000,
  headersMs: 30_000,
  stallMs: 30_000,
  unreadMs: 60_000,
}

export function expectSettings(options: HttpOptions): Settings {
  expectOptions(options, HTTP_OPTIONS, 'createHttp')
  const { connections = 64, queue = 1_000, maxRedirects = 5, redirect = 'error' } = options
  const { allow = 'any', dispatcher, maxBytes, decompress = false, interceptors = [] } = options
  expectBoolean('decompress', decompress)
  expectInteger('connections', connections, 1, 10_000)
  expectInteger('queue', queue, 0, Number.MAX_SAFE_INTEGER)
  expectInteger('maxRedirects', maxRedirects, 0, 20)
  expectRedirect(redirect)
  if (maxBytes !== undefined) expectAmount('maxBytes', maxBytes)
  if (allow !== 'any' && allow !== 'public' && typeof allow !== 'function') {
    throw new TypeError(`Expected allow to be 'any', 'public' or a function, got ${String(allow)}`)
  }
  if (dispatcher !== undefined && allow !== 'any') {
    throw new TypeError(
      'Expected either dispatcher or allow: a dispatcher makes its own connections, unchecked',
    )
  }
  if (dispatcher !== undefined && (options.proxy !== undefined || options.tls !== undefined)) {
    throw new TypeError('Expected either dispatcher or proxy and tls: it makes its own connections')
  }
  if (options.proxy !== undefined && allow !== 'any') {
    throw new TypeError('Expected either proxy or allow: the proxy resolves the names, unchecked')
  }
  if (!Array.isArray(interceptors) || interceptors.some((each) => typeof each !== 'function')) {
    throw new TypeError('Expected interceptors to be a list of functions')
  }
  return {
    origin: options.origin === undefined ? undefined : expectOrigin(options.origin),
    allowedOrigins: expectAllowedOrigins(options.allowedOrigins),
    headers: lowerCased(options.headers ?? {}),
    connections,
    queue,
    timeouts: expectTimeouts(options.timeouts),
    retry: expectRetry(options.retry),
    breaker: expectBreaker(options.breaker),
    hedge: expectHedge(options.hedge),
    maxBytes,
    decompress,
    allow,
    redirect,
    maxRedirects,
    interceptors,
    dispatcher,
    proxy: expectProxy(options.proxy),
    tls: expectTls(options.tls),
  }
}

export function expectBoolean(name: string, value: unknown): void {
  if (typeof value === 'boolean') return
  throw new TypeError(`Expected ${name} to be a boolean, got ${describeValue(value)}`)
}

export function expectRedirect(redirect: unknown): void {
  if (redirect === 'error' || redirect === 'follow' || redirect === 'manual') return
  throw new TypeError(
    `Expected redirect to be 'error', 'follow' or 'manual', got ${String(redirect)}`,
  )
}

function expectTimeouts(given: HttpTimeouts = {}): Required<HttpTimeouts> {
  expectOptions(given, Object.keys(TIMEOUTS), 'createHttp.timeouts')
  const timeouts = { ...TIMEOUTS }
  for (const name of Object.keys(TIMEOUTS) as (keyof HttpTimeouts)[]) {
    const value = given[name]
    if (value === undefined) continue
    expectAmount(`timeouts.${name}`, value)
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
    throw new TypeError(
      `Expected allowedOrigins to be a list of origins or 'any', got ${describeValue(given)}`,
    )
  }
  return new Set(given.map((each: string | URL) => expectBareOrigin(each)))
}

function expectBareOrigin(given: string | URL): string {
  const { origin, pathname, search, hash } = expectHttpUrl('each of allowedOrigins', given)
  if (pathname === '/' && search === '' && hash === '') return origin
  throw new TypeError(`Expected each of allowedOrigins to be an origin, got a URL with a path`)
}

function expectHttpUrl(name: string, given: string | URL): URL {
  const url = URL.parse(String(given))
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new TypeError(`Expected ${name} to be an absolute http: or https: URL`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError(`Expected ${name} to be a URL without credentials`)
  }
  return url
}
