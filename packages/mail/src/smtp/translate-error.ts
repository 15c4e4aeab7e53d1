import type { Outcome } from '@yuzuru/concurrency'
import { fieldOf } from '@yuzuru/concurrency/boundary'
import { MailError, type MailErrorCode, type MailErrorInit } from '../mail-error.ts'
import { keepNative } from '../native-error.ts'
import {
  connectionReason,
  isCertificateReason,
  isTlsReason,
  type NativeFault,
} from './connection-fault.ts'
import { asGiven, type RejectedRecipient, rejectedRecipient } from './rejected-recipient.ts'
import type { GivenRecipient } from '../message/given-recipient.ts'
import { AttachmentFault } from '../message/read-attachments.ts'
import { SmtpFault, type SmtpStep } from './smtp-fault.ts'
import { codeOf, enhancedCodeOf, isBareFarewell, ReplyRedaction } from './smtp-reply.ts'

/** What nodemailer hangs on its errors. */
interface NativeError extends NativeFault {
  readonly syscall?: unknown
  readonly command?: unknown
  readonly response?: unknown
  readonly responseCode?: unknown
  readonly rejected?: unknown
  readonly rejectedErrors?: unknown
}

/** What nodemailer says of recipients that were refused. */
type NativeRejects = Pick<NativeError, 'rejected' | 'rejectedErrors'>

interface NativeReject {
  readonly recipient?: unknown
  readonly response?: unknown
}

/** For replies whose session has not taken its own secrets out, such as those of a client passed in. */
const replies = new ReplyRedaction(undefined)

type Verdict = Omit<MailErrorInit, 'operation'> & { readonly detail: string }

/**
 * Makes a {@link MailError} of what the pool, nodemailer or its connection threw.
 *
 * @param outcome what is known from how far the call went; a refusal of the message makes it `'none'`
 * @param given the recipients as they were passed in
 */
export function translateError(
  operation: string,
  error: unknown,
  outcome: Outcome,
  given: readonly GivenRecipient[] = [],
): MailError {
  const { detail, ...init } = verdictOf(error, outcome)
  const rejected = asGiven(init.rejected ?? [], given)
  const failure = new MailError(`mail.${operation} failed: ${detail}`, {
    operation,
    ...init,
    rejected,
  })
  return keepNative(failure, error instanceof SmtpFault ? error.cause : error)
}

function verdictOf(error: unknown, outcome: Outcome): Verdict {
  if (error instanceof AttachmentFault) return attachmentVerdict(error)
  if (!(error instanceof SmtpFault)) return nativeVerdict(error, outcome)
  const { reason, message: detail } = error
  switch (reason) {
    case 'native':
      return nativeVerdict(error.cause, outcome, error)
    case 'overloaded':
    case 'acquire_timeout':
      return { code: reason, retryable: true, outcome: 'none', detail }
    case 'no_token':
      return noTokenVerdict(error.cause)
    case 'invalid_message':
      return { code: reason, retryable: false, outcome: 'none', detail }
    default:
      return { code: 'closed', retryable: false, outcome, detail }
  }
}

/** What the caller's own function threw. */
function noTokenVerdict(cause: unknown): Verdict {
  const retryable =
    fieldOf(cause, 'retryable') === true || fieldOf(cause, 'name') === 'TimeoutError'
  return { code: 'unauthenticated', retryable, outcome: 'none', cause, detail: 'no access token' }
}

/** Attachments are read before anything leaves. */
function attachmentVerdict(fault: AttachmentFault): Verdict {
  const { reason: code, code: reason, retryable, cause, message: detail } = fault
  return {
    code,
    reason,
    retryable,
    outcome: 'none',
    ...(cause === undefined ? {} : { cause }),
    detail,
  }
}

/** What is known whatever the verdict. */
interface Known {
  readonly outcome: Outcome
  readonly cause?: unknown
  readonly response?: string
}

/** Where it happened; nothing is known of that with a client that was passed in. */
type Place = Partial<Pick<SmtpFault, 'step' | 'server'>>

function nativeVerdict(cause: unknown, outcome: Outcome, place: Place = {}): Verdict {
  const native: NativeError = typeof cause === 'object' && cause !== null ? cause : {}
  const { step } = place
  const response = typeof native.response === 'string' ? native.response : undefined
  // Of two meanings it has none.
  const reply = response === undefined ? native.responseCode : codeOf(response)
  if (typeof reply === 'number' && reply >= 400 && reply <= 599) {
    return replyVerdict(native, reply, step, outcome)
  }
  const said = saidBy(cause, response, step)
  switch (native.code) {
    case 'EAUTH':
    case 'ENOAUTH':
    case 'EOAUTH2':
      return {
        code: 'unauthenticated',
        retryable: false,
        outcome: 'none',
        ...said,
        detail: 'no login',
      }
    case 'EMESSAGE':
    case 'EENVELOPE':
      // Without a reply it is nodemailer's own check, made before it says a word.
      if (response !== undefined) break
      return { code: 'message_rejected', retryable: false, outcome: 'none', detail: 'not sendable' }
    default:
      break
  }
  const before = isBeforeMail(native, step)
  const known = { outcome: before ? 'none' : outcome, ...said } as const
  return connectionVerdict(native, known, place) ?? unexpected(known)
}

/**
 * What an error may show of the one that it is made of. nodemailer writes what the server said into its message;
 * and any other client writes what it likes: addresses, as a rule. Only our own connections' errors hold neither.
 */
function saidBy(
  cause: unknown,
  response: string | undefined,
  step: SmtpStep | undefined,
): Pick<Known, 'cause' | 'response'> {
  if (response !== undefined) return { response: replies.shown(response) }
  return step === undefined ? {} : { cause }
}

/** Whether it can only have happened before the dialogue about a message began. */
function isBeforeMail(native: NativeError, step: SmtpStep | undefined): boolean {
  if (step !== undefined) return step === 'connect' || step === 'login' || step === 'pool'
  const { code, syscall } = native
  const connecting = code === 'EDNS' || code === 'ETLS' || syscall === 'connect'
  return connecting || isCertificateReason(connectionReason(native))
}

/** The verdict when it was the connection, not what was said over it. */
function connectionVerdict(
  native: NativeError,
  known: Known,
  { step, server }: Place,
): Verdict | undefined {
  const reason = connectionReason(native)
  const at = `${server ?? 'the server'}${reason === undefined ? '' : ` (${reason})`}`
  if (native.code === 'ETIMEDOUT') {
    return { ...known, code: 'timeout', retryable: true, reason, detail: `no reply from ${at}` }
  }
  const connecting = step === 'connect' || (step === undefined && isBeforeMail(native, step))
  const tls = native.code === 'ETLS' || isTlsReason(reason)
  if (connecting) {
    const plain =
      reason === 'ERR_SSL_WRONG_VERSION_NUMBER'
        ? ': it speaks none there; check secure and port'
        : ''
    const detail = `no ${tls ? 'TLS with' : 'connection to'} ${at}${plain}`
    return { ...known, code: 'connection_failed', retryable: !tls, reason, detail }
  }
  if (native.code !== 'ECONNECTION' && native.code !== 'ESOCKET') return undefined
  // Within a session of ours TLS was set up: then it is the connection that spoilt a record.
  const retryable = !tls || step !== undefined
  const detail = `the connection to ${at} was lost`
  return { ...known, code: 'connection_lost', retryable, reason, detail }
}

function unexpected(known: Known): Verdict {
  const detail =
    known.response === undefined
      ? `see ${'cause' in known ? 'the cause' : 'nativeErrorOf'}`
      : 'the server broke the protocol'
  return { ...known, code: 'unexpected', retryable: false, detail }
}

/**
 * A refusal (RFC 5321, 4.2.1): the server did not take the message, whatever was sent before. But a farewell answers
 * nothing: a server that has the whole message may go on with it.
 */
function replyVerdict(
  native: NativeError,
  reply: number,
  step: SmtpStep | undefined,
  outcome: Outcome,
): Verdict {
  const response = typeof native.response === 'string' ? replies.shown(native.response) : undefined
  const isAnswer = !isBareFarewell(response ?? String(reply)) || isBeforeMessage(native)
  const enhancedCode = response === undefined ? undefined : enhancedCodeOf(response)
  const code = refusalOf(native, reply, step)
  return {
    code,
    retryable: code === 'temporarily_rejected',
    outcome: isAnswer ? 'none' : outcome,
    status: reply,
    enhancedCode,
    response,
    rejected: rejectedIn(native),
    detail: `the server replied ${enhancedCode === undefined ? reply : `${reply} ${enhancedCode}`}${advice(native, code, reply)}`,
  }
}

/** Whether the server replied before it had all of a message, as nodemailer says it. */
function isBeforeMessage({ code, command }: NativeError): boolean {
  const isEarly = typeof command === 'string' && command !== 'DATA'
  return isEarly || code === 'EENVELOPE' || code === 'EAUTH' || code === 'ETLS'
}

/** What to look at, where it is an option of the client that is wrong. */
function advice({ code: native }: NativeError, code: MailErrorCode, reply: number): string {
  if (native === 'ETLS') return ' to STARTTLS: check startTls, secure and port'
  if (code !== 'unauthenticated') return ''
  return reply === 530 ? ': it wants a login; give auth' : ': check auth'
}

/** The recipients that were refused, each with what the server said if nodemailer knows. */
export function rejectedIn({ rejected, rejectedErrors }: NativeRejects): RejectedRecipient[] {
  const addresses = Array.isArray(rejected) ? rejected.map(String) : []
  const errors: readonly NativeReject[] = Array.isArray(rejectedErrors) ? rejectedErrors : []
  const replyTo = new Map(errors.map((error) => [error.recipient, error.response]))
  return addresses.map((address) => {
    const response = replyTo.get(address)
    return rejectedRecipient({ address, response: typeof response === 'string' ? response : '' })
  })
}

/** The replies to a client that has not logged in (RFC 4954, 4 and 6). */
const AUTH_REPLIES: ReadonlySet<number> = new Set([530, 534, 535, 538])

function refusalOf(native: NativeError, reply: number, step: SmtpStep | undefined): MailErrorCode {
  if (native.code === 'ETLS') return 'connection_failed'
  if (reply < 500) return 'temporarily_rejected'
  if (step === 'login' || native.code === 'EAUTH' || AUTH_REPLIES.has(reply))
    return 'unauthenticated'
  if (step === 'connect') return 'connection_failed'
  if (native.command === 'MAIL FROM') return 'sender_rejected'
  if (native.command === 'RCPT TO') return 'recipient_rejected'
  return 'message_rejected'
}
