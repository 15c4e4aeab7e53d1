import type { Outcome } from '@yuzuru/concurrency'
import { MailError, type MailErrorCode, type MailErrorInit } from './mail-error.ts'
import { SmtpFault, type SmtpStep } from './smtp-fault.ts'

/** What nodemailer hangs on its errors. */
interface NativeError {
  readonly code?: unknown
  readonly syscall?: unknown
  readonly command?: unknown
  readonly response?: unknown
  readonly responseCode?: unknown
  readonly rejected?: unknown
}

type Verdict = Omit<MailErrorInit, 'operation'> & { readonly told: string }

/**
 * Makes a {@link MailError} of what the pool, nodemailer or its connection threw.
 *
 * @param outcome what is known from how far the call went; a refusal makes it `'none'`
 */
export function translateError(operation: string, error: unknown, outcome: Outcome): MailError {
  const { told, ...init } = verdictOf(error, outcome)
  return new MailError(`mail.${operation} failed: ${told}`, { operation, ...init })
}

function verdictOf(error: unknown, outcome: Outcome): Verdict {
  if (!(error instanceof SmtpFault)) return nativeVerdict(error, undefined, outcome)
  switch (error.reason) {
    case 'native':
      return nativeVerdict(error.cause, error.step, outcome)
    case 'overloaded':
      return { code: 'overloaded', retryable: true, outcome: 'none', told: error.message }
    case 'invalid_message':
      return { code: 'invalid_message', retryable: false, outcome: 'none', told: error.message }
    default:
      return { code: 'closed', retryable: false, outcome, told: error.message }
  }
}

function nativeVerdict(cause: unknown, step: SmtpStep | undefined, outcome: Outcome): Verdict {
  const native: NativeError = typeof cause === 'object' && cause !== null ? cause : {}
  const reply = native.responseCode
  if (typeof reply === 'number' && reply >= 400 && reply <= 599) {
    return replyVerdict(native, reply, step)
  }
  const connecting =
    step === 'connect' ||
    (step === undefined && (native.code === 'EDNS' || native.syscall === 'connect'))
  const before = connecting || step === 'login' || step === 'pool'
  const known = { outcome: before ? 'none' : outcome, cause } as const
  switch (native.code) {
    case 'ETIMEDOUT':
      return { ...known, code: 'timeout', retryable: true, told: 'the server was silent' }
    case 'EAUTH':
    case 'ENOAUTH':
    case 'EOAUTH2':
      return { code: 'auth_failed', retryable: false, outcome: 'none', cause, told: 'no login' }
    case 'ETLS':
      return { ...known, code: 'connection_failed', retryable: false, told: 'no TLS' }
    case 'EMESSAGE':
    case 'EENVELOPE':
      // Without a reply it is nodemailer's own check, made before it says a word.
      if (typeof native.response === 'string') break
      return { code: 'message_rejected', retryable: false, outcome: 'none', told: 'not sendable' }
    default:
      break
  }
  if (connecting) {
    return { ...known, code: 'connection_failed', retryable: true, told: 'no connection' }
  }
  if (native.code === 'ECONNECTION' || native.code === 'ESOCKET') {
    return { ...known, code: 'connection_lost', retryable: true, told: 'the connection was lost' }
  }
  return { ...known, code: 'unexpected', retryable: false, told: 'see the cause' }
}

/** A refusal (RFC 5321, 4.2.1): the server did not take the message, whatever was sent before. */
function replyVerdict(native: NativeError, reply: number, step: SmtpStep | undefined): Verdict {
  const response = typeof native.response === 'string' ? native.response : undefined
  const enhancedCode = response?.match(/^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/)?.[1]
  const code = refusalOf(native, reply, step)
  return {
    code,
    retryable: code === 'temporarily_rejected',
    outcome: 'none',
    responseCode: reply,
    enhancedCode,
    response,
    rejected: Array.isArray(native.rejected) ? native.rejected.map(String) : [],
    told: `the server replied ${enhancedCode === undefined ? reply : `${reply} ${enhancedCode}`}`,
  }
}

/** The replies to a client that has not logged in (RFC 4954, 4 and 6). */
const AUTH_REPLIES: ReadonlySet<number> = new Set([530, 534, 535, 538])

function refusalOf(native: NativeError, reply: number, step: SmtpStep | undefined): MailErrorCode {
  if (native.code === 'ETLS') return 'connection_failed'
  if (reply < 500) return 'temporarily_rejected'
  if (step === 'login' || native.code === 'EAUTH' || AUTH_REPLIES.has(reply)) return 'auth_failed'
  if (step === 'connect') return 'connection_failed'
  if (native.command === 'MAIL FROM') return 'sender_rejected'
  if (native.command === 'RCPT TO') return 'recipient_rejected'
  return 'message_rejected'
}
