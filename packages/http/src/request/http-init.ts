import type { CallRetry } from './retry-when.ts'
import type { IoOptions } from '@yuzuru/concurrency'
import type { RequestBody } from './request-body.ts'

/** A value of a query; `undefined` and `null` leave it out, a list repeats it. */
export type QueryValue = string | number | boolean | null | undefined

/** Options of one request. */
export interface HttpInit extends IoOptions {
  /** @default 'GET', or 'POST' with a body */
  readonly method?: string | undefined
  /** Added to those of the client; `undefined` takes one of the client's off. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined
  /** Added to the query of the URL. */
  readonly query?: Readonly<Record<string, QueryValue | readonly QueryValue[]>> | undefined
  readonly body?: RequestBody | undefined
  /** Sent as JSON, with its content type. Not together with `body`. */
  readonly json?: unknown
  /** Sent as `Idempotency-Key`: the request may then be repeated whatever its method. */
  readonly idempotencyKey?: string | undefined
  /**
   * What to do with a redirect: fail (`redirected`), follow it, or return it as it is.
   * @default the client's `redirect`
   */
  readonly redirect?: RedirectMode | undefined
  /** The longest body to accept, in bytes. @default the client's `maxBytes` */
  readonly maxBytes?: number | undefined
  /** How long to wait for a connection, in milliseconds from 0 up. @default the client's `acquireTimeoutMs` */
  readonly acquireTimeoutMs?: number | undefined
  /** Asks for a compressed answer, and decompresses it. @default the client's `decompress` */
  readonly decompress?: boolean | undefined
  /** Which statuses are returned rather than thrown. @default 200 to 299 */
  readonly acceptStatus?: ((status: number) => boolean) | undefined
  /**
   * `false`: this call is tried once; `{ when }`: its own word on which answers are worth a repeat.
   *
   * @default the client's `retry`
   */
  readonly retry?: CallRetry | undefined
}

/** The names of {@link HttpInit}. */
export const HTTP_INIT: readonly string[] = Object.keys({
  method: true,
  headers: true,
  query: true,
  body: true,
  json: true,
  idempotencyKey: true,
  redirect: true,
  maxBytes: true,
  acquireTimeoutMs: true,
  decompress: true,
  acceptStatus: true,
  retry: true,
  signal: true,
  timeoutMs: true,
} satisfies Record<keyof HttpInit, true>)

/** What to do with a redirect: fail with `redirected`, follow it, or return the answer as it is. */
export type RedirectMode = 'error' | 'follow' | 'manual'
