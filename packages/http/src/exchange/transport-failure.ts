import { ADDRESS_REFUSED, CONNECT_TIMEOUT } from '../connections/connector.ts'
import { type CallContext, failure, outcomeOnceSent } from '../errors/call-context.ts'
import type { HttpErrorCode } from '../errors/http-error.ts'

/**
 * The error for what undici, a socket or the source of a body threw.
 *
 * @param sent whether the request had gone out, at least in part
 * @param bySource whether it was the request's body that failed
 */
export function transportFailure(
  context: CallContext,
  error: unknown,
  sent: boolean,
  bySource: boolean,
): Error {
  const outcome = sent ? outcomeOnceSent(context) : 'none'
  // The source of a body may have failed at a proxy of its own.
  const refusal = bySource ? undefined : proxyRefusal(error)
  if (refusal !== undefined) {
    // It passed nothing on.
    const reason = `was not sent: the proxy answered ${refusal}`
    return failure(context, 'connection_failed', reason, {
      outcome: 'none',
      retryable: refusal >= 500,
    })
  }
  if (bySource || codeOf(error) === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') {
    const reason = 'could not be sent: the source of its body failed'
    return failure(context, 'request_body_failed', reason, {
      outcome,
      retryable: false,
      cause: error,
    })
  }
  const native = codeOf(error)
  if (native === 'UND_ERR_INVALID_ARG' || native === 'UND_ERR_NOT_SUPPORTED') {
    return new TypeError(`Expected a request that HTTP allows, got: ${messageOf(error)}`)
  }
  if (isNotHttp(error, native)) {
    // undici's error carries the bytes that it could not read: they may be secret.
    const cause = new Error(messageOf(error))
    const reason = 'got something that is not HTTP'
    return failure(context, 'invalid_response', reason, { outcome, retryable: true, cause })
  }
  const code = sent ? 'connection_lost' : codeUnsent(native)
  const reason = `${REASONS[code] ?? 'failed'}${native === undefined ? '' : ` (${native})`}`
  const retryable = code !== 'tls_failed' && code !== 'address_refused' && code !== 'closed'
  return failure(context, code, reason, { outcome, retryable, cause: error })
}

const UNSENT: Readonly<Record<string, HttpErrorCode>> = {
  [CONNECT_TIMEOUT]: 'connect_timeout',
  [ADDRESS_REFUSED]: 'address_refused',
  UND_ERR_CONNECT_TIMEOUT: 'connect_timeout',
  ETIMEDOUT: 'connect_timeout',
  UND_ERR_DESTROYED: 'closed',
  UND_ERR_CLOSED: 'closed',
  ENOTFOUND: 'dns_failed',
  EAI_AGAIN: 'dns_failed',
  EAI_FAIL: 'dns_failed',
  EPROTO: 'tls_failed',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls_failed',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls_failed',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls_failed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls_failed',
}

const REASONS: Partial<Record<HttpErrorCode, string>> = {
  connect_timeout: 'found no connection in time',
  connection_failed: 'found no connection',
  dns_failed: 'found no address for its host',
  tls_failed: 'could not set up TLS',
  address_refused: 'was not sent: its host has no address that "allow" permits',
  closed: 'was not sent: the client is closed',
  connection_lost: 'lost its connection before the answer was complete',
}

function codeUnsent(native: string | undefined): HttpErrorCode {
  const known = native === undefined ? undefined : UNSENT[native]
  if (known !== undefined) return known
  return /^(?:ERR_TLS_|ERR_SSL_|CERT_)/.test(native ?? '') ? 'tls_failed' : 'connection_failed'
}

/** The status with which a proxy refused; undici gives it in a sentence only. */
function proxyRefusal(error: unknown): number | undefined {
  const [, tunnel, forward] =
    /^Proxy response \((\d{3})\)|^Proxy Authentication Required \((\d{3})\)/.exec(
      messageOf(error),
    ) ?? []
  const status = tunnel ?? forward
  return status === undefined ? undefined : Number(status)
}

function isNotHttp(error: unknown, native: string | undefined): boolean {
  if (native === 'UND_ERR_HEADERS_OVERFLOW') return true
  // More than the length that was named, or two lengths: one that is too short ends as a lost connection.
  if (native === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return true
  if (!(error instanceof Error)) return false
  // An answer to no request, or a change of protocol.
  const isBad = native === 'UND_ERR_SOCKET' && /^bad (?:response|upgrade)$/.test(error.message)
  return isBad || error.name === 'HTTPParserError'
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'an unknown failure'
}
