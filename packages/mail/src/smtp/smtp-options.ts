import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import {
  expectBoolean,
  expectInteger,
  expectLine,
  expectMilliseconds,
  expectOneOf,
  expectOptions,
  expectText,
} from '@yuzuru/concurrency/boundary'
import type { SMTPConnectionOptions } from 'nodemailer'

/** The SMTP server, and how much of it is used. */
export interface SmtpOptions {
  readonly host: string
  /** @default 465 with `secure`, else 587 */
  readonly port?: number | undefined
  /** TLS from the first byte (port 465). @default false */
  readonly secure?: boolean | undefined
  /**
   * TLS by STARTTLS, without `secure`. With `'if-offered'` an attacker on the way can remove the offer.
   * @default 'required' with `auth` on a host that is not this machine, else 'if-offered'
   */
  readonly startTls?: 'required' | 'if-offered' | 'never' | undefined
  /** For `tls.connect`, such as `{ ca }`. */
  readonly tls?: ConnectionOptions | undefined
  readonly auth?: { readonly user: string; readonly password: string } | undefined
  /** What the client calls itself in EHLO. @default this machine's name if it has a domain */
  readonly clientName?: string | undefined
  /** How many connections at once: 1 or more. @default 5 */
  readonly connections?: number | undefined
  /** How many sends may wait for one: 0 or more. The next is refused as `'overloaded'`. @default 1000 */
  readonly queue?: number | undefined
  /** How long a send may wait for one before it is refused as `'acquire_timeout'`. @default 30_000 */
  readonly acquireTimeoutMs?: number | undefined
  /** How many messages go over one connection before it is replaced: 1 or more. @default 100 */
  readonly maxMessagesPerConnection?: number | undefined
  /** How long an unused connection is kept. @default 10_000 */
  readonly idleTimeoutMs?: number | undefined
  /** Limit for DNS, TCP, TLS and the greeting together. @default 10_000 */
  readonly connectTimeoutMs?: number | undefined
  /**
   * How long the server may be silent. A deadline of the caller may end a send sooner; this one is for
   * callers without one. @default 600_000 (what RFC 5321, 4.5.3.2.6 asks for after DATA)
   */
  readonly replyTimeoutMs?: number | undefined
  /** A longer message is refused as `'invalid_message'`: 1 or more. @default 26_214_400 (25 MiB) */
  readonly maxBytes?: number | undefined
}

/** The names of {@link SmtpOptions}. */
export const SMTP_OPTIONS: Readonly<Record<keyof SmtpOptions, true>> = {
  host: true,
  port: true,
  secure: true,
  startTls: true,
  tls: true,
  auth: true,
  clientName: true,
  connections: true,
  queue: true,
  acquireTimeoutMs: true,
  maxMessagesPerConnection: true,
  idleTimeoutMs: true,
  connectTimeoutMs: true,
  replyTimeoutMs: true,
  maxBytes: true,
}

/** {@link SmtpOptions} with defaults, checked. */
export interface SmtpConfig {
  readonly connection: SMTPConnectionOptions
  readonly auth: SmtpOptions['auth']
  readonly connections: number
  readonly queue: number
  readonly acquireTimeoutMs: number
  readonly maxMessagesPerConnection: number
  readonly idleTimeoutMs: number
  readonly maxBytes: number
}

/** How long one reply may be, in bytes. Lines have up to 512 octets (RFC 5321, 4.5.3.1.5). */
const MAX_REPLY_BYTES = 65_536

/** The longest delay of a timer of Node, which nodemailer's limits go by. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** @throws {TypeError} unless the options are valid */
export function smtpConfig(options: SmtpOptions): SmtpConfig {
  const { connections = 5, queue = 1_000, maxMessagesPerConnection = 100 } = options
  const { acquireTimeoutMs = 30_000, idleTimeoutMs = 10_000, connectTimeoutMs = 10_000 } = options
  const { replyTimeoutMs = 600_000, maxBytes = 25 * 1024 * 1024 } = options
  const { host, auth, secure = false, port = secure ? 465 : 587 } = options
  expectText('host', host)
  expectBoolean('secure', secure)
  expectInteger('port', port, 1, 65_535)
  expectInteger('connections', connections, 1)
  expectInteger('queue', queue, 0)
  expectInteger('maxMessagesPerConnection', maxMessagesPerConnection, 1)
  expectInteger('maxBytes', maxBytes, 1)
  for (const [name, value] of Object.entries({
    acquireTimeoutMs,
    idleTimeoutMs,
    connectTimeoutMs,
    replyTimeoutMs,
  })) {
    expectMilliseconds(name, value)
  }
  expectOptions(auth, ['user', 'password'], 'createMail.auth')
  if (auth !== undefined) {
    expectText('auth.user', auth.user)
    expectText('auth.password', auth.password)
  }
  const startTls =
    options.startTls ?? (auth === undefined || isLoopback(host) ? 'if-offered' : 'required')
  // A misspelt 'required' must not send a password in the clear.
  expectOneOf('startTls', startTls, ['required', 'if-offered', 'never'])
  if (options.clientName !== undefined) expectLine('clientName', options.clientName, 255)
  return {
    connection: {
      host,
      port,
      secure,
      tls: options.tls,
      name: options.clientName,
      requireTLS: startTls === 'required' && !secure,
      ignoreTLS: startTls === 'never',
      connectionTimeout: Math.min(connectTimeoutMs, MAX_TIMER_MS),
      greetingTimeout: Math.min(connectTimeoutMs, MAX_TIMER_MS),
      dnsTimeout: Math.min(connectTimeoutMs, MAX_TIMER_MS),
      socketTimeout: Math.min(replyTimeoutMs, MAX_TIMER_MS),
      maxResponseSize: MAX_REPLY_BYTES,
      // close() must mean closed: a half-closed socket would let the server go on.
      socketCloseTimeout: 0,
    },
    auth,
    connections,
    queue,
    maxMessagesPerConnection,
    maxBytes,
    acquireTimeoutMs,
    idleTimeoutMs,
  }
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
