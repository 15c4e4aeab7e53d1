import type { Dispatcher } from 'undici'
import type { AddressPolicy } from './connections/address-policy.ts'
import type { HttpBreakerOptions } from './attempts/breaker.ts'
import type { HttpInterceptor } from './attempts/interceptor.ts'
import type { RedirectMode } from './request/http-init.ts'
import type { HedgeOptions } from './attempts/hedge.ts'
import type { HttpBudgetOptions } from './request/budget.ts'
import type { HttpProxy } from './connections/proxy.ts'
import type { HttpRetryOptions } from './attempts/retry-policy.ts'
import type { HttpTls } from './connections/tls.ts'

/** How long each part of a call may take, in milliseconds; `Infinity` for no limit. */
export interface HttpTimeouts {
  /** The whole call: queue, connection, answer, waits and repeats. `timeoutMs` of a call replaces it. @default 60_000 */
  readonly totalMs?: number | undefined
  /** Name resolution, TCP and TLS. @default 10_000 */
  readonly connectMs?: number | undefined
  /** From the end of the request to the head of the answer. @default 30_000 */
  readonly headersMs?: number | undefined
  /** The longest pause between two bytes, of the request's body or the answer's. @default 30_000 */
  readonly stallMs?: number | undefined
  /**
   * How long an answer of `stream` may wait for its reader before its connection is released. An answer
   * that is not being read yet gives way after a second when other calls wait. @default 60_000
   */
  readonly unreadMs?: number | undefined
}

/** Options of {@link createHttp}. */
export interface HttpOptions {
  /**
   * Where requests go. A path after it is a base path: `'https://api.example.com/v1'` makes `/users` a
   * request for `/v1/users`, and nothing leads out of it (`..`, also encoded, is a `TypeError`).
   *
   * With an `origin` the client addresses no other one, whatever the spelling of the URL that a call
   * names: the call is a `TypeError` before anything is sent. `allowedOrigins` permits more.
   */
  readonly origin?: string | URL | undefined
  /**
   * The origins that whole URLs may name beside `origin`, or `'any'`. They get the headers of the call,
   * never those of the client when it has an `origin`. Redirects need no entry here, but a request body
   * is only ever redirected to an origin that is its own or is named here.
   *
   * @default none with an `origin`, `'any'` without one
   */
  readonly allowedOrigins?: readonly (string | URL)[] | 'any' | undefined
  /** Sent with every request to `origin`; without an `origin`, with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** How many connections, and so requests at once, each origin may have: 1 to 10,000. @default 64 */
  readonly connections?: number | undefined
  /** How many calls may wait for a connection of an origin, from 0 up; more are `overloaded`. @default 1_000 */
  readonly queue?: number | undefined
  /**
   * How long a call may wait for a connection, in milliseconds from 0 up (`acquire_timeout`).
   *
   * @default Infinity: `timeouts.totalMs` covers the wait
   */
  readonly acquireTimeoutMs?: number | undefined
  readonly timeouts?: HttpTimeouts | undefined
  /** `false`: every call is tried once. @default 3 attempts */
  readonly retry?: HttpRetryOptions | false | undefined
  /** Stops sending to an origin that keeps failing, for a while (`circuit_open`). @default false */
  readonly breaker?: HttpBreakerOptions | false | undefined
  /** Sends a second GET or HEAD when the first takes long. @default false */
  readonly hedge?: HedgeOptions | false | undefined
  /**
   * Sends the time that is left of the deadline to services of your own, so that they stop when the caller
   * has given up. Each attempt sends what is left when it begins. @default not sent
   */
  readonly budget?: HttpBudgetOptions | undefined
  /**
   * The longest body that is accepted, in bytes: with `decompress`, of what comes out.
   *
   * @default 64 MiB; for `stream` Infinity
   */
  readonly maxBytes?: number | undefined
  /**
   * Asks for gzip, br, zstd or deflate, and takes it off: the answer has no `Content-Encoding` and no
   * `Content-Length` then. Not for HEAD, and not with a `Range`.
   *
   * @default false
   */
  readonly decompress?: boolean | undefined
  /**
   * Which addresses may be connected to, checked after name resolution, for literals too:
   * `'public'` refuses loopback, private, link-local, metadata and other special-purpose addresses.
   * For URLs that others give you. @default 'any'
   */
  readonly allow?: AddressPolicy | undefined
  /** What to do with a redirect. @default 'error' */
  readonly redirect?: RedirectMode | undefined
  /** How many redirects are followed, from 0 to 20. @default 5 */
  readonly maxRedirects?: number | undefined
  /** Wrapped around each attempt; the first is the outermost. */
  readonly interceptors?: readonly HttpInterceptor[] | undefined
  /**
   * A proxy for all connections. Requests to https: go through a tunnel (`CONNECT`), those to http: are
   * handed to it. The environment's is only used when this says so. Not together with `allow`: it is the
   * proxy that resolves the names.
   *
   * @default none
   */
  readonly proxy?: HttpProxy | undefined
  /** The authorities to trust, and a certificate of the client's own. */
  readonly tls?: HttpTls | undefined
  /** An undici `Dispatcher` to send with, instead of pools of our own. It is never closed. */
  readonly client?: Dispatcher | undefined
}

/** The names of {@link HttpOptions}. */
export const HTTP_OPTIONS: readonly string[] = Object.keys({
  origin: true,
  allowedOrigins: true,
  headers: true,
  connections: true,
  queue: true,
  acquireTimeoutMs: true,
  timeouts: true,
  retry: true,
  breaker: true,
  hedge: true,
  budget: true,
  maxBytes: true,
  decompress: true,
  allow: true,
  redirect: true,
  maxRedirects: true,
  interceptors: true,
  proxy: true,
  tls: true,
  client: true,
} satisfies Record<keyof HttpOptions, true>)
