import type { IncomingMessage, ServerOptions } from 'node:http'
import {
  expectBoolean,
  expectInteger,
  expectMilliseconds,
  expectOptions,
  expectText,
} from '@yuzuru/concurrency/boundary'
import { type ProbeOptions } from '../health/probes.ts'
import {
  DRAIN_MS,
  REQUEST_SCOPE_OPTIONS,
  type RequestScopeOptions,
  requestSettings,
  type RequestSettings,
} from '../request/request-options.ts'
import { leave } from '../request/is-thenable.ts'

/** Limits on what clients send: sizes, times and connections. */
export interface WireLimits {
  /** The longest that the head of a request may take, in milliseconds from 1 up. @default 10_000 */
  readonly headersTimeoutMs?: number | undefined
  /** The longest that a whole request, with its body, may take to arrive, in milliseconds. @default 300_000 */
  readonly bodyTimeoutMs?: number | undefined
  /** How long an idle connection is kept, in milliseconds from 1 up. @default 5_000 */
  readonly idleTimeoutMs?: number | undefined
  /** The longest head, in bytes from 1,024 up. @default 16_384 */
  readonly maxHeaderBytes?: number | undefined
  /**
   * The longest body of a request, in bytes from 0 up, `Infinity` for any, or a function of the request:
   * a longer one gets 413. @default 1_048_576, as in nginx and fastify
   */
  readonly maxBodyBytes?: number | ((request: IncomingMessage) => number) | undefined
  /** The most connections at once: an integer from 1 up. @default 10_000 */
  readonly connections?: number | undefined
  /** How many requests one connection may send; `Infinity` for any number. @default Infinity */
  readonly maxRequestsPerConnection?: number | undefined
}

/** Options of {@link serve}. */
export interface ServeOptions extends RequestScopeOptions {
  /** The address to listen on; `'::'` and `'0.0.0.0'` are all addresses. @default '127.0.0.1': this machine only */
  readonly hostname?: string | undefined
  /** From 0, for a free one, to 65,535. @default 0 */
  readonly port?: number | undefined
  /** Lets several processes listen on one port; the system shares the connections out (Linux). @default false */
  readonly reusePort?: boolean | undefined
  readonly probes?: ProbeOptions | undefined
  readonly limits?: WireLimits | undefined
  /**
   * How long the server goes on as before after `close()` was called, except that `/readyz` fails, in
   * milliseconds from 0 up: as long as a load balancer takes to notice. @default 0
   */
  readonly drainDelayMs?: number | undefined
  /**
   * How long requests under way, and the work after them, may go on once the server is closed, in
   * milliseconds from 0 up; `close({ drainMs })` says otherwise for once. The rest is then cancelled and has
   * `graceMs`, and a second for last answers. Give `run` a `graceMs` for all of that, and `drainDelayMs`.
   *
   * @default 7_000: with the other defaults it ends within the 10 s that `run` allows
   */
  readonly drainMs?: number | undefined
  /**
   * How long an idle connection is kept at the end for one more request, in milliseconds from 0 up. A client
   * that sends without pause then never meets a closed connection. @default 1_000
   */
  readonly lingerMs?: number | undefined
}

/** Options with their defaults, checked. */
export interface ServeSettings {
  readonly request: RequestSettings
  readonly listen: { readonly host: string; readonly port: number; readonly reusePort: boolean }
  readonly probes: ProbeOptions
  readonly http: ServerOptions
  readonly connections: number
  readonly maxBodyBytes: (request: IncomingMessage) => number
  readonly maxRequestsPerConnection: number
  readonly drainDelayMs: number
  readonly drainMs: number
  readonly lingerMs: number
}

const OPTIONS: readonly string[] = [
  ...REQUEST_SCOPE_OPTIONS,
  'hostname',
  'port',
  'reusePort',
  'probes',
  'limits',
  'drainDelayMs',
  'drainMs',
  'lingerMs',
]

const LIMITS = [
  'headersTimeoutMs',
  'bodyTimeoutMs',
  'idleTimeoutMs',
  'maxHeaderBytes',
  'maxBodyBytes',
  'connections',
  'maxRequestsPerConnection',
] as const

/** The longest body by default, in bytes. */
const MAX_BODY_BYTES = 1_048_576

/** How often Node looks for connections that are too slow, at the least, in milliseconds. */
const LOOK_MS = 1_000

/** @throws {TypeError} when an option is unknown or out of its range */
export function serveSettings(options: ServeOptions): ServeSettings {
  expectOptions(options, OPTIONS, 'serve')
  const { hostname, port = 0, reusePort = false, probes = {}, limits = {} } = options
  const { drainDelayMs = 0, drainMs = DRAIN_MS, lingerMs = 1_000 } = options
  const host = hostname ?? '127.0.0.1'
  expectText('hostname', host)
  expectInteger('port', port, 0, 65_535)
  expectBoolean('reusePort', reusePort)
  expectMilliseconds('drainDelayMs', drainDelayMs)
  expectMilliseconds('drainMs', drainMs)
  expectMilliseconds('lingerMs', lingerMs)
  const { connections = 10_000, maxRequestsPerConnection = Infinity } = limits
  expectInteger('limits.connections', connections, 1)
  expectInteger('limits.maxRequestsPerConnection', maxRequestsPerConnection, 1, Infinity)
  return {
    request: requestSettings(options),
    listen: { host, port, reusePort },
    probes,
    http: httpOptions(limits),
    connections,
    maxBodyBytes: bodyLimit(limits.maxBodyBytes),
    maxRequestsPerConnection,
    drainDelayMs,
    drainMs,
    lingerMs,
  }
}

function bodyLimit(
  limit: WireLimits['maxBodyBytes'] = MAX_BODY_BYTES,
): ServeSettings['maxBodyBytes'] {
  const name = 'limits.maxBodyBytes'
  if (typeof limit !== 'function') {
    expectInteger(name, limit, 0, Infinity)
    return () => limit
  }
  return (request) => {
    const bytes = limit(request)
    if (typeof bytes !== 'number') leave(bytes)
    expectInteger(name, bytes, 0, Infinity)
    return bytes
  }
}

function httpOptions(limits: WireLimits): ServerOptions {
  expectOptions(limits, LIMITS, 'limits')
  const { headersTimeoutMs = 10_000, bodyTimeoutMs = 300_000 } = limits
  const { idleTimeoutMs = 5_000, maxHeaderBytes = 16_384 } = limits
  expectMilliseconds('limits.headersTimeoutMs', headersTimeoutMs, 1, 2 ** 31 - 1)
  expectMilliseconds('limits.bodyTimeoutMs', bodyTimeoutMs, headersTimeoutMs, 2 ** 31 - 1)
  expectMilliseconds('limits.idleTimeoutMs', idleTimeoutMs, 1, 2 ** 31 - 1)
  expectInteger('limits.maxHeaderBytes', maxHeaderBytes, 1_024)
  return {
    headersTimeout: headersTimeoutMs,
    requestTimeout: bodyTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    maxHeaderSize: maxHeaderBytes,
    connectionsCheckingInterval: Math.min(LOOK_MS, headersTimeoutMs),
    // strict-head.ts looks, and begins nothing that comes behind it.
    requireHostHeader: false,
    insecureHTTPParser: false,
    // Many small writes are the norm; waiting for more would cost each of them 40 ms.
    noDelay: true,
  }
}
