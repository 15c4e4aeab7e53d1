import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import {
  expectBoolean,
  expectHost,
  expectInteger,
  expectLine,
  expectMilliseconds,
  expectOneOf,
  expectOptions,
} from '@yuzuru/concurrency/boundary'
import type { SMTPConnectionOptions } from 'nodemailer'
import { expectAuth, type SmtpAuth } from './smtp-auth.ts'
import { XOAUTH2 } from './smtp-login.ts'

/**
 * What the server allows. `perSecond` and `perDay` count messages that are about to leave, over all
 * connections, in true sliding windows: whichever stretch of that length you look at, no more left in it.
 * A send waits for its turn up to `acquireTimeoutMs`, and is refused as `'acquire_timeout'` then.
 */
export interface SmtpLimits {
  /** 1 or more. @default none */
  readonly perSecond?: number | undefined
  /** In any 24 hours, as far as this process knows: 1 or more. @default none */
  readonly perDay?: number | undefined
  /** The same as `connections`, for those who keep all limits in one place; not both. */
  readonly connections?: number | undefined
  /** How many messages go over one connection before it is replaced: 1 or more. @default 100 */
  readonly messagesPerConnection?: number | undefined
}

/** The SMTP server, and how much of it is used. */
export interface SmtpOptions {
  /** Its name or its address; one of IPv6 may stand in brackets. */
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
  /** A user with a password, or with a function that gives access tokens (OAuth 2). */
  readonly auth?: SmtpAuth | undefined
  /** What the client calls itself in EHLO. @default this machine's name if it has a domain */
  readonly clientName?: string | undefined
  /** How many connections at once: 1 or more. @default 5 */
  readonly connections?: number | undefined
  /** How many sends may wait for one: 0 or more. The next is refused as `'overloaded'`. @default 1000 */
  readonly queue?: number | undefined
  /** How long a send may wait for one before it is refused as `'acquire_timeout'`. @default 30_000 */
  readonly acquireTimeoutMs?: number | undefined
  /** How much is sent, and how fast. */
  readonly limits?: SmtpLimits | undefined
  /** How long an unused connection is kept. @default 10_000 */
  readonly idleTimeoutMs?: number | undefined
  /** Limit for DNS, TCP, TLS, the greeting and EHLO together. @default 10_000 */
  readonly connectTimeoutMs?: number | undefined
  /**
   * How long the server may take for each step: for the whole answer to a command, to the message, or to
   * take a part of it, however often it says a line meanwhile. A deadline of the caller may end a send
   * sooner; this one is for callers without one.
   * @default 600_000 (what RFC 5321, 4.5.3.2.6 asks for after DATA)
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
  limits: true,
  idleTimeoutMs: true,
  connectTimeoutMs: true,
  replyTimeoutMs: true,
  maxBytes: true,
}

const SMTP_LIMITS: readonly string[] = Object.keys({
  perSecond: true,
  perDay: true,
  connections: true,
  messagesPerConnection: true,
} satisfies Record<keyof SmtpLimits, true>)

/** How long the server may take. */
export interface SessionLimits {
  /** For all that comes before the login. */
  readonly connectTimeoutMs: number
  /** For each step after that. */
  readonly replyTimeoutMs: number
}

/** {@link SmtpOptions} with defaults, checked. */
export interface SmtpConfig {
  readonly connection: SMTPConnectionOptions
  readonly limits: SessionLimits
  readonly auth: SmtpOptions['auth']
  readonly connections: number
  readonly queue: number
  readonly acquireTimeoutMs: number
  readonly perSecond: number | undefined
  readonly perDay: number | undefined
  readonly messagesPerConnection: number
  readonly idleTimeoutMs: number
  readonly maxBytes: number
}

/** How large a message may be where nothing else is said, in bytes: 25 MiB. */
export const USUAL_MAX_BYTES = 26_214_400

/** How long one reply may be, in bytes. Lines have up to 512 octets (RFC 5321, 4.5.3.1.5). */
const MAX_REPLY_BYTES = 65_536

/** The longest delay of a timer of Node, which nodemailer's limits go by. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** @throws {TypeError} unless the options are valid */
export function smtpConfig(options: SmtpOptions): SmtpConfig {
  const { queue = 1_000, limits = {} } = options
  expectOptions(limits, SMTP_LIMITS, 'createMail.limits')
  const { perSecond, perDay, messagesPerConnection = 100 } = limits
  if (options.connections !== undefined && limits.connections !== undefined) {
    throw new TypeError('Expected connections or limits.connections, got both')
  }
  const connections = options.connections ?? limits.connections ?? 5
  const { acquireTimeoutMs = 30_000, idleTimeoutMs = 10_000, connectTimeoutMs = 10_000 } = options
  const { replyTimeoutMs = 600_000, maxBytes = USUAL_MAX_BYTES } = options
  const { auth, secure = false, port = secure ? 465 : 587 } = options
  const host = expectHost('host', options.host)
  expectBoolean('secure', secure)
  expectInteger('port', port, 1, 65_535)
  expectInteger('connections', connections, 1)
  expectInteger('queue', queue, 0)
  expectInteger('limits.messagesPerConnection', messagesPerConnection, 1)
  for (const [name, value] of Object.entries({ perSecond, perDay })) {
    if (value !== undefined) expectInteger(`limits.${name}`, value, 1)
  }
  expectInteger('maxBytes', maxBytes, 1)
  for (const [name, value] of Object.entries({
    acquireTimeoutMs,
    idleTimeoutMs,
    connectTimeoutMs,
    replyTimeoutMs,
  })) {
    expectMilliseconds(name, value)
  }
  if (auth !== undefined) expectAuth(auth)
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
      customAuth: XOAUTH2,
      // close() must mean closed: a half-closed socket would let the server go on.
      socketCloseTimeout: 0,
    },
    limits: { connectTimeoutMs, replyTimeoutMs },
    auth,
    connections,
    queue,
    perSecond,
    perDay,
    messagesPerConnection,
    maxBytes,
    acquireTimeoutMs,
    idleTimeoutMs,
  }
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
