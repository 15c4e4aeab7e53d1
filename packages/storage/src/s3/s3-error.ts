import type { Effect, Outcome } from '@yuzuru/concurrency'
import { HttpError, type HttpErrorCode } from '@yuzuru/http'
import { CredentialsFailure } from '../store/credentials-failure.ts'
import { failure, type Subject } from '../store/failure.ts'
import type { StorageErrorCode } from '../store/storage-error.ts'
import { Unconfirmed } from '../store/unconfirmed.ts'

/**
 * S3's own codes (API reference, "Error responses"), and those of Ceph and MinIO where they differ.
 * HEAD has no body, so the SDK makes a name of its status there.
 */
const CODES: Readonly<Record<string, StorageErrorCode>> = {
  NoSuchKey: 'not_found',
  NotFound: 'not_found',
  NoSuchVersion: 'not_found',
  NoSuchUpload: 'not_found',
  NoSuchBucket: 'bucket_not_found',
  PreconditionFailed: 'precondition_failed',
  ConditionalRequestConflict: 'conflict',
  OperationAborted: 'conflict',
  AccessDenied: 'access_denied',
  AllAccessDisabled: 'access_denied',
  AccountProblem: 'access_denied',
  Forbidden: 'access_denied',
  InvalidAccessKeyId: 'invalid_credentials',
  InvalidToken: 'invalid_credentials',
  SignatureDoesNotMatch: 'signature_mismatch',
  ExpiredToken: 'expired_credentials',
  TokenRefreshRequired: 'expired_credentials',
  ExpiredTokenException: 'expired_credentials',
  RequestTimeTooSkewed: 'clock_skew',
  RequestExpired: 'clock_skew',
  PermanentRedirect: 'wrong_region',
  TemporaryRedirect: 'wrong_region',
  AuthorizationHeaderMalformed: 'wrong_region',
  IllegalLocationConstraintException: 'wrong_region',
  EntityTooLarge: 'too_large',
  EntityTooSmall: 'too_small',
  BadDigest: 'checksum_mismatch',
  InvalidDigest: 'checksum_mismatch',
  XAmzContentChecksumMismatch: 'checksum_mismatch',
  XAmzContentSHA256Mismatch: 'checksum_mismatch',
  InvalidRange: 'range_not_satisfiable',
  QuotaExceeded: 'insufficient_storage',
  InsufficientCapacity: 'insufficient_storage',
  XMinioStorageFull: 'insufficient_storage',
  SlowDown: 'overloaded',
  TooManyRequests: 'overloaded',
  ...throttling(),
  NotImplemented: 'unsupported',
  InternalError: 'unavailable',
  ServiceUnavailable: 'unavailable',
  RequestTimeout: 'stalled',
  RequestTimeoutException: 'stalled',
}

/**
 * Codes by which AWS asks for a slower repeat, whatever the status ("Retry behavior", AWS SDKs and Tools
 * Reference Guide).
 */
function throttling(): Record<string, StorageErrorCode> {
  const names = [
    'BandwidthLimitExceeded',
    'EC2ThrottledException',
    'LimitExceededException',
    'PriorRequestNotComplete',
    'RequestLimitExceeded',
    'RequestThrottled',
    'RequestThrottledException',
    'ThrottledException',
    'Throttling',
    'ThrottlingException',
    'TooManyRequestsException',
  ]
  return Object.fromEntries(names.map((name) => [name, 'overloaded' as const]))
}

const STATUSES: Readonly<Record<number, StorageErrorCode>> = {
  301: 'wrong_region',
  307: 'wrong_region',
  403: 'access_denied',
  404: 'not_found',
  409: 'conflict',
  412: 'precondition_failed',
  413: 'too_large',
  416: 'range_not_satisfiable',
  429: 'overloaded',
  501: 'unsupported',
  503: 'overloaded',
  507: 'insufficient_storage',
}

const TRANSPORT: Partial<Record<HttpErrorCode, StorageErrorCode>> = {
  overloaded: 'overloaded',
  queue_timeout: 'overloaded',
  closed: 'closed',
  connect_failed: 'connection_failed',
  connect_timeout: 'connection_failed',
  dns_failed: 'connection_failed',
  tls_failed: 'connection_failed',
  address_refused: 'connection_failed',
  headers_timeout: 'stalled',
  stalled: 'stalled',
  body_abandoned: 'stalled',
  connection_lost: 'connection_lost',
  invalid_response: 'connection_lost',
}

/** What of an exception of the SDK (`S3ServiceException`) matters, whichever copy of it made it. */
interface ServiceException {
  readonly name: string
  readonly $metadata: { readonly httpStatusCode?: number; readonly requestId?: string }
}

/** Makes a `StorageError` of what the SDK, or our transport below it, threw. */
export function translateS3Error(subject: Subject, effect: Effect, error: unknown): Error {
  const afterSending: Outcome = effect === 'read' ? 'none' : 'unknown'
  const transport = transportError(error)
  if (transport !== undefined) {
    const code = TRANSPORT[transport.code] ?? 'unexpected'
    const { outcome: told, retryable, retryAfterMs } = transport
    const outcome = effect === 'read' ? 'none' : told
    return failure(subject, code, { outcome, retryable, retryAfterMs, cause: error })
  }
  const missing = credentialsFailure(error)
  if (missing !== undefined) {
    const { message: told, retryable, cause } = missing
    return failure(subject, 'unauthenticated', { outcome: 'none', told, retryable, cause })
  }
  if (error instanceof Unconfirmed) {
    return failure(subject, 'unexpected', { outcome: afterSending, told: error.message })
  }
  if (!isServiceException(error)) {
    const code = isNetworkError(error) ? 'connection_lost' : 'unexpected'
    return failure(subject, code, { outcome: afterSending, cause: error })
  }
  const { httpStatusCode: status = 0, requestId } = error.$metadata
  const code = codeOf(error.name, status)
  const outcome = status >= 300 && status <= 499 ? 'none' : outcomeOfServerError(code, afterSending)
  return failure(subject, code, { outcome, status, requestId, cause: withoutSecrets(error) })
}

/**
 * The SDK's exception without what the store added to it: to say why it refused a request S3 quotes
 * the session token and all that was signed.
 */
function withoutSecrets(error: Error & ServiceException): Error {
  const { name, message, $metadata } = error
  const { httpStatusCode, requestId } = $metadata
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode, requestId } })
}

/** Of the SDK's own errors: the name that S3 gave it. */
export function nameOf(error: unknown): string | undefined {
  return isServiceException(error) ? error.name : undefined
}

/**
 * Whether the store refused a request for a reason that passes, under a status that does not tell so: S3 says
 * 400 `RequestTimeout` when the bytes of a body came too slowly. Of 408, 429 and 5xx the transport has
 * repeated it already.
 */
export function asksForRepeat(error: unknown): boolean {
  if (!isServiceException(error)) return false
  const { httpStatusCode: status = 0 } = error.$metadata
  if (status < 400 || status > 499 || status === 408 || status === 425 || status === 429)
    return false
  const code = Object.hasOwn(CODES, error.name) ? CODES[error.name] : undefined
  return code === 'stalled' || code === 'overloaded' || error.name === 'OperationAborted'
}

/** Whether it is a refusal of a kind that comes for several reasons: the status alone does not tell. */
export function isAmbiguous(error: unknown): boolean {
  if (!isServiceException(error)) return false
  const { httpStatusCode: status } = error.$metadata
  return status === 400 || status === 403
}

function codeOf(name: string, status: number): StorageErrorCode {
  const code = Object.hasOwn(CODES, name) ? CODES[name] : STATUSES[status]
  if (code !== undefined) return code
  if (status >= 500) return 'unavailable'
  return status >= 400 ? 'invalid_request' : 'unexpected'
}

/** A store that is too busy, full or unable turned the request away; one that failed may have failed late. */
function outcomeOfServerError(code: StorageErrorCode, afterSending: Outcome): Outcome {
  const refused = code === 'overloaded' || code === 'insufficient_storage' || code === 'unsupported'
  return refused ? 'none' : afterSending
}

function credentialsFailure(error: unknown): CredentialsFailure | undefined {
  if (error instanceof CredentialsFailure) return error
  // Of a client that was passed in: its chain has found none (`CredentialsProviderError`).
  if (!(error instanceof Error) || error.name !== 'CredentialsProviderError') return undefined
  return new CredentialsFailure('there are no credentials: see "cause"', false, error)
}

function transportError(error: unknown): HttpError | undefined {
  if (HttpError.isInstance(error)) return error
  if (typeof error !== 'object' || error === null || !('cause' in error)) return undefined
  return HttpError.isInstance(error.cause) ? error.cause : undefined
}

function isServiceException(error: unknown): error is Error & ServiceException {
  if (!(error instanceof Error) || !('$metadata' in error) || !('$fault' in error)) return false
  return typeof error.$metadata === 'object' && error.$metadata !== null
}

/** Of a client that was passed in: what Node says of a socket. */
function isNetworkError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return /^(?:ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_)/.test(code) || error.name === 'TimeoutError'
}
