import { hasMark, IoError, mark, type Outcome } from '@yuzuru/concurrency'
import type { RejectedRecipient } from './smtp/rejected-recipient.ts'

/**
 * Why a mail was not sent, or may not have been.
 *
 * - `'connection_failed'`: no SMTP session came about (DNS, TCP, TLS, greeting).
 * - `'connection_lost'`: the session broke off. After the end of DATA the outcome is `'unknown'`.
 * - `'unauthenticated'`: the server did not take the credentials, or wants some.
 * - `'sender_rejected'`: the server refused the sender for good (5xx to MAIL FROM).
 * - `'recipient_rejected'`: it refused every recipient for good; `rejected` has them.
 * - `'message_rejected'`: it refused the message for good (5xx to DATA, or too large).
 * - `'temporarily_rejected'`: it refused for now (4xx), or said goodbye (421); try again later.
 * - `'overloaded'`: the queue for a connection is full.
 * - `'acquire_timeout'`: no connection came free, or `limits` let nothing leave, within `acquireTimeoutMs`.
 * - `'timeout'`: a step took the server longer than the client's own limits.
 * - `'invalid_message'`: the message can't be sent as it is: larger than `maxBytes`; or written elsewhere in
 *   lines that are too long, or in 8-bit for a server that takes none.
 * - `'attachment_failed'`: a file, a stream or a stored object of the message could not be read; `reason` has
 *   the system's word, `cause` the error of a stream or a storage.
 * - `'closed'`: `close()` was called before.
 * - `'unexpected'`: anything else; see `nativeErrorOf`.
 */
export type MailErrorCode =
  | 'connection_failed'
  | 'connection_lost'
  | 'unauthenticated'
  | 'sender_rejected'
  | 'recipient_rejected'
  | 'message_rejected'
  | 'temporarily_rejected'
  | 'overloaded'
  | 'acquire_timeout'
  | 'timeout'
  | 'invalid_message'
  | 'attachment_failed'
  | 'closed'
  | 'unexpected'

/** What a {@link MailError} is made of. */
export interface MailErrorInit {
  readonly operation: string
  readonly code: MailErrorCode
  readonly retryable: boolean
  readonly outcome: Outcome
  readonly status?: number | undefined
  readonly enhancedCode?: string | undefined
  readonly reason?: string | undefined
  readonly response?: string | undefined
  readonly rejected?: readonly RejectedRecipient[] | undefined
  readonly cause?: unknown
}

/**
 * A failure to send. Its message never holds an address or what the server said: both are personal
 * data or may hold some. They are in `rejected` and `response`, which are getters, so that a logger
 * that prints an error's own properties does not print them. The error of a client that was passed in is no
 * `cause`: `nativeErrorOf(error)` gives it.
 */
export class MailError extends IoError {
  declare readonly code: MailErrorCode
  /** The reply code of the server: 421, 550 … */
  readonly status: number | undefined
  /** The enhanced status code of the server (RFC 3463): `'5.1.1'` … */
  readonly enhancedCode: string | undefined
  /**
   * What became of the connection, in the system's or OpenSSL's word: `'ECONNREFUSED'`, `'ENOTFOUND'`,
   * `'CERT_HAS_EXPIRED'`, `'ERR_SSL_WRONG_VERSION_NUMBER'` (no TLS on that port) …
   */
  readonly reason: string | undefined
  readonly #response: string | undefined
  readonly #rejected: readonly RejectedRecipient[]

  static {
    mark(this.prototype, 'MailError')
  }

  constructor(message: string, init: MailErrorInit) {
    super(message, { boundary: 'mail', ...init })
    this.status = init.status
    this.enhancedCode = init.enhancedCode
    this.reason = init.reason
    this.#response = init.response
    this.#rejected = init.rejected ?? []
  }

  /** What the server said. May hold personal data: do not log it unseen. */
  get response(): string | undefined {
    return this.#response
  }

  /** The recipients that were refused; empty unless it was about recipients. Personal data. */
  get rejected(): readonly RejectedRecipient[] {
    return this.#rejected
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static override isInstance(value: unknown): value is MailError {
    return hasMark(value, 'MailError')
  }
}
