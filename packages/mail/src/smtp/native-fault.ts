import { connectionReason, isTlsReason, type NativeFault } from './connection-fault.ts'
import { SmtpFault } from './smtp-fault.ts'
import { isFarewell } from './smtp-reply.ts'

/** For a step that took too long, as nodemailer would make it. */
export function lateFault(): Error {
  const error = new Error('No reply in time')
  return Object.assign(error, { code: 'ETIMEDOUT', timeoutType: 'REPLY_TIMEOUT' })
}

/** For what a server must not say. */
export function unlawfulFault(what: string): Error {
  return Object.assign(new Error(`The server broke the protocol: ${what}`), { code: 'EPROTOCOL' })
}

/** A refusal that nodemailer made an error of. */
interface Refusal {
  readonly code: number
  readonly response: string
}

/** The server's refusal, if that is what the fault is. */
function refusalIn(error: unknown): Refusal | undefined {
  if (!(error instanceof SmtpFault) || error.reason !== 'native') return undefined
  const { cause } = error
  if (typeof cause !== 'object' || cause === null || !('responseCode' in cause)) return undefined
  const { responseCode: code } = cause
  if (typeof code !== 'number' || code < 400 || code > 599) return undefined
  return { code, response: 'response' in cause ? String(cause.response) : String(code) }
}

/** Whether the server did not take the credentials (RFC 4954, 6). */
export function isRefusedLogin(error: unknown): boolean {
  return error instanceof SmtpFault && error.step === 'login' && refusalIn(error)?.code === 535
}

/** Whether the server said no to the message and is ready for another (503 says that it is not). */
export function isRefusal(error: unknown): boolean {
  const refusal = refusalIn(error)
  return refusal !== undefined && refusal.code !== 503 && !isFarewell(refusal.response)
}

/** Whether the fault is that of a kept connection, so that another one may do better. */
export function isDeadConnection(error: unknown): boolean {
  if (!(error instanceof SmtpFault) || error.reason !== 'native') return false
  // Whatever a server says to RSET but yes, it may hold a part of the message before.
  if (error.step === 'reset') return true
  const refusal = refusalIn(error)
  if (refusal !== undefined && isFarewell(refusal.response)) return true
  const { cause } = error
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return false
  return cause.code === 'ECONNECTION' || cause.code === 'ESOCKET'
}

/**
 * Whether no further connection came about, though there may be mail to send over those that others have: the server
 * says so by a 4xx or a 5xx to the connection (421, 554), or to the login by a 4xx, or hangs up without a word. A failure
 * of TLS, or a silence, is none of it: it says nothing of how many there are.
 */
export function isNoFurtherConnection(error: unknown): boolean {
  if (!(error instanceof SmtpFault) || error.reason !== 'native') return false
  const { step, cause } = error
  if (step !== 'connect' && step !== 'login') return false
  const refusal = refusalIn(error)
  if (refusal !== undefined) return step === 'connect' || refusal.code < 500
  if (step === 'login' || typeof cause !== 'object' || cause === null) return false
  const { code }: NativeFault = cause
  const isBroken = code === 'ECONNECTION' || code === 'ESOCKET' || code === 'EDNS'
  return isBroken && !isTlsReason(connectionReason(cause))
}
