import { expected } from '@yuzuru/concurrency/boundary'
import type { HttpInit } from './http-init.ts'

/** The part of the settings that says where a request may go. */
export interface UrlRules {
  /** What paths are relative to; its path is a prefix of theirs and ends without `/`. */
  readonly origin: URL | undefined
  /** The other origins that may be addressed; `undefined`: none beside `origin`, or any without one. */
  readonly allowedOrigins: ReadonlySet<string> | 'any' | undefined
}

/**
 * The URL of a request.
 *
 * Whatever its spelling, the URL that came of it is what is checked, and what is sent to: a path that
 * turns out to name a host (`//host`, `/\host`, a line break in between) is refused like a whole URL.
 *
 * @throws {TypeError} unless it is an http: or https: URL that the client may address
 */
export function requestUrl(
  rules: UrlRules,
  target: string | URL,
  query: HttpInit['query'] | undefined,
): URL {
  const url = parsed(rules.origin, target)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`Expected an http: or https: URL, got one of ${url.protocol}`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError('Expected a URL without credentials: send them as a header')
  }
  expectReachable(rules, url)
  if (query !== undefined) addQuery(url, query)
  return url
}

/**
 * Checks where a request goes.
 *
 * @throws {TypeError} unless the client may address the origin of `url`, and its path is within the base path
 */
export function expectReachable(rules: UrlRules, url: URL): void {
  if (!mayAddress(rules, url)) {
    const { origin } = rules
    const place = origin === undefined ? 'an origin of "allowedOrigins"' : origin.origin
    throw new TypeError(
      `Expected a URL of ${place}, got one of ${url.origin}: name it in "allowedOrigins" to permit it`,
    )
  }
  if (isOwn(rules, url)) expectWithinBase(rules.origin, url)
}

/** Whether a client may send to the origin of `url`. */
export function mayAddress(rules: UrlRules, url: URL): boolean {
  const { origin, allowedOrigins } = rules
  if (origin !== undefined && url.origin === origin.origin) return true
  if (allowedOrigins === undefined) return origin === undefined
  return allowedOrigins === 'any' || allowedOrigins.has(url.origin)
}

/** Whether `url` is of the client's own `origin`. */
function isOwn(rules: UrlRules, url: URL): rules is UrlRules & { readonly origin: URL } {
  return rules.origin !== undefined && url.origin === rules.origin.origin
}

/** Whether the client's own headers may be sent to `url`: they belong to its `origin` if it has one. */
export function takesClientHeaders(rules: UrlRules, url: URL): boolean {
  return rules.origin === undefined || url.origin === rules.origin.origin
}

function parsed(origin: URL | undefined, target: string | URL): URL {
  if (target instanceof URL) return new URL(target)
  if (typeof target !== 'string') {
    throw expected('a URL', target)
  }
  const url = origin === undefined ? URL.parse(target) : resolved(origin, target)
  if (url !== null) return url
  const hint = origin === undefined ? ' (the client has no "origin")' : ''
  throw new TypeError(`Expected a URL, got something else${hint}`)
}

/** A path is put behind the base path; anything else is what the URL standard makes of it. */
function resolved(origin: URL, target: string): URL | null {
  const base = origin.origin + basePathOf(origin)
  // The same as below but for one parse.
  if (isPlainPath(target)) return URL.parse(base + target)
  return URL.parse(target, `${base}/`)
}

/** Whether it begins with one slash and cannot name a host: not `//`, `/\`, or one of these around a tab. */
function isPlainPath(target: string): boolean {
  if (target.charCodeAt(0) !== 0x2f) return false
  const second = target[1]
  return second === undefined || !'/\\\t\n\r'.includes(second)
}

/** The path that all paths are put behind: `''`, or one like `/v1`. */
function basePathOf(origin: URL): string {
  return origin.pathname === '/' ? '' : origin.pathname
}

function expectWithinBase(origin: URL, url: URL): void {
  const base = basePathOf(origin)
  if (base === '') return
  const { pathname } = url
  const isWithin = pathname === base || pathname.startsWith(`${base}/`)
  if (isWithin && !climbs(pathname)) return
  throw new TypeError(`Expected a path within ${base}, got one that leads out of it`)
}

/** Whether a server that decodes `%2f` and `%5c` before it resolves `..` would leave a segment upwards. */
function climbs(pathname: string): boolean {
  if (!/%(?:2f|5c)/i.test(pathname)) return false
  const segments = pathname
    .replaceAll(/%(?:2f|5c)/gi, '/')
    .replaceAll(/%2e/gi, '.')
    .split('/')
  return segments.includes('..')
}

function addQuery(url: URL, query: NonNullable<HttpInit['query']>): void {
  for (const name of Object.keys(query)) {
    const given = query[name]
    for (const value of Array.isArray(given) ? given : [given]) {
      if (value !== undefined && value !== null) url.searchParams.append(name, String(value))
    }
  }
}
