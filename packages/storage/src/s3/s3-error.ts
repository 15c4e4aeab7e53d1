import { Cancelled, type Effect, type Outcome, TimeoutError } from '@yuzuru/concurrency'
import { codeOfStatus, outcomeOfStatus } from '@yuzuru/concurrency/boundary'
import { HttpError } from '@yuzuru/http'
import { CredentialsFailure } from '../store/credentials-failure.ts'
import { failure, type ObjectCall, withUnknownOutcome } from '../store/failure.ts'
import type { StorageError, StorageErrorCode } from '../store/storage-error.ts'
import { Unconfirmed } from '../store/unconfirmed.ts'
import { hadEarlierEffect } from './earlier-effect.ts'
import { codeName, requestIdOf, shownSentence, UnreadableAnswer } from './shown-answer.ts'

const EXPIRED = 'the credentials have expired; renew the session token'

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
  AccessDenied: 'forbidden',
  AllAccessDisabled: 'forbidden',
  AccountProblem: 'forbidden',
  Forbidden: 'forbidden',
  InvalidAccessKeyId: 'unauthenticated',
  InvalidToken: 'unauthenticated',
  SignatureDoesNotMatch: 'unauthenticated',
  ExpiredToken: 'unauthenticated',
  TokenRefreshRequired: 'unauthenticated',
  ExpiredTokenException: 'unauthenticated',
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
  SlowDown: 'rate_limited',
  TooManyRequests: 'rate_limited',
  ...throttling(),
  NotImplemented: 'unsupported',
  InternalError: 'unavailable',
  ServiceUnavailable: 'unavailable',
  RequestTimeout: 'stalled',
  RequestTimeoutException: 'stalled',
}

/**
 * Codes with which AWS asks for a slower retry, whatever the status ("Retry behavior", AWS SDKs and Tools
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
  return Object.fromEntries(names.map((name) => [name, 'rate_limited' as const]))
}

/** The statuses that mean more for a store than they do in general. */
const STATUSES: Readonly<Record<number, StorageErrorCode>> = {
  301: 'wrong_region',
  307: 'wrong_region',
  408: 'stalled',
  413: 'too_large',
  416: 'range_not_satisfiable',
  507: 'insufficient_storage',
}

/** The codes of the transport's errors. */
const TRANSPORT: Readonly<Record<string, StorageErrorCode>> = {
  overloaded: 'overloaded',
  acquire_timeout: 'acquire_timeout',
  closed: 'closed',
  connection_failed: 'connection_failed',
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

/** Advice by the store's own code, where one code of ours stands for several. */
const ADVICE: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: 'the store does not know the access key; check "credentials"',
  InvalidToken: 'the store does not know the session token; check "credentials"',
  SignatureDoesNotMatch:
    'the signature does not match; check the secret access key, and that no proxy changes requests',
  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,
  TokenRefreshRequired: EXPIRED,
}

/**
 * The fields of an SDK exception (`S3ServiceException`) that are used, whichever copy of the SDK made it.
 */
interface ServiceException {
  readonly name: string
  readonly $metadata: { readonly httpStatusCode?: number; readonly requestId?: string }
}

/** Turns an error of the SDK, or of our transport below it, into a `StorageError`. */
export function translateS3Error(subject: ObjectCall, effect: Effect, error: unknown): Error {
  const failed = translated(subject, effect, error)
  // The store answered for the last attempt only.
  return effect !== 'read' && hadEarlierEffect(error) ? withUnknownOutcome(failed) : failed
}

function translated(subject: ObjectCall, effect: Effect, error: unknown): StorageError {
  const afterSending: Outcome = effect === 'read' ? 'none' : 'unknown'
  const transport = transportError(error)
  if (transport !== undefined) {
    const code = Object.hasOwn(TRANSPORT, transport.code) ? TRANSPORT[transport.code] : undefined
    const { outcome: detail, retryable, retryAfterMs } = transport
    const outcome = effect === 'read' ? 'none' : detail
    return failure(subject, code ?? 'unexpected', {
      outcome,
      retryable,
      retryAfterMs,
      cause: error,
    })
  }
  const missing = credentialsFailure(error)
  if (missing !== undefined) {
    const { message: detail, retryable, cause } = missing
    return failure(subject, 'unauthenticated', { outcome: 'none', detail, retryable, cause })
  }
  if (error instanceof Unconfirmed || error instanceof UnreadableAnswer) {
    return failure(subject, 'unexpected', { outcome: afterSending, detail: error.message })
  }
  if (!isServiceException(error)) {
    const code = isNetworkError(error) ? 'connection_lost' : 'unexpected'
    return failure(subject, code, { outcome: afterSending, cause: error })
  }
  const { httpStatusCode: status = 0 } = error.$metadata
  const requestId = requestIdOf(error.$metadata.requestId)
  const storeCode = codeName(error.name) ?? `Status${status}`
  return failure(subject, codeOf(storeCode, status), {
    outcome: outcomeOfAnswer(storeCode, status, effect),
    status,
    storeCode,
    requestId,
    cause: withoutSecrets(error),
    ...(Object.hasOwn(ADVICE, storeCode) ? { detail: ADVICE[storeCode] } : {}),
  })
}

/**
 * The SDK's exception without the details from the store. To explain a refusal, S3 quotes the session token
 * and everything that was signed.
 */
function withoutSecrets(error: Error & ServiceException): Error {
  const { httpStatusCode } = error.$metadata
  const $metadata = { httpStatusCode, requestId: requestIdOf(error.$metadata.requestId) }
  const name = codeName(error.name) ?? `Status${httpStatusCode}`
  return Object.assign(new Error(shownSentence(error.message)), { name, $metadata })
}

/** Whether it says how a call failed: the transport, the credentials, the store, or a cancel. */
export function isFailureOfCall(error: unknown): boolean {
  if (transportError(error) !== undefined || credentialsFailure(error) !== undefined) return true
  return isServiceException(error) || Cancelled.isInstance(error) || TimeoutError.isInstance(error)
}

/** The name that S3 gave to an error of the SDK. */
export function nameOf(error: unknown): string | undefined {
  return isServiceException(error) ? error.name : undefined
}

/**
 * Whether the store refused a request for a temporary reason that the status does not show: S3 answers 400
 * `RequestTimeout` when the bytes of a body came too slowly. After 408, 429 and 5xx the transport has
 * retried already.
 */
export function asksForRepeat(error: unknown): boolean {
  if (!isServiceException(error)) return false
  const { httpStatusCode: status = 0 } = error.$metadata
  if (status < 400 || status > 499 || status === 408 || status === 425 || status === 429)
    return false
  const code = Object.hasOwn(CODES, error.name) ? CODES[error.name] : undefined
  return code === 'stalled' || code === 'rate_limited' || error.name === 'OperationAborted'
}

/** Whether it is a refusal that may have several reasons, of which the status alone does not say which. */
export function isAmbiguous(error: unknown): boolean {
  if (!isServiceException(error)) return false
  const { httpStatusCode: status } = error.$metadata
  return status === 400 || status === 403
}

/** What the body says comes first, then the status. */
function codeOf(name: string, status: number): StorageErrorCode {
  const code = ownCode(name) ?? STATUSES[status] ?? codeOfStatus(status)
  return code === 'timeout' ? 'stalled' : code
}

function ownCode(name: string): StorageErrorCode | undefined {
  return Object.hasOwn(CODES, name) ? CODES[name] : undefined
}

/** Codes with which the store has turned the request away, whatever the status. */
const TURNED_AWAY: ReadonlySet<StorageErrorCode> = new Set([
  'rate_limited',
  'insufficient_storage',
  'unsupported',
])

/** Whether a code says that the store did not begin what it was asked for, whatever the status. */
export function saysTurnedAway(name: string | undefined): boolean {
  const code = name === undefined ? undefined : ownCode(name)
  return code !== undefined && TURNED_AWAY.has(code)
}

/**
 * An answer with a code of S3 comes from the store. Any other may come from a gateway that had passed the
 * request on.
 */
function outcomeOfAnswer(name: string, status: number, effect: Effect): Outcome {
  const code = ownCode(name)
  if (code === undefined) return outcomeOfStatus(status, effect)
  const isRefused = (status >= 300 && status <= 499) || TURNED_AWAY.has(code)
  return isRefused || effect === 'read' ? 'none' : 'unknown'
}

function credentialsFailure(error: unknown): CredentialsFailure | undefined {
  if (error instanceof CredentialsFailure) return error
  // The credential chain of a client that was passed in found none (`CredentialsProviderError`).
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

/** Whether it is a socket error of Node, from a client that was passed in. */
function isNetworkError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return /^(?:ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_)/.test(code) || error.name === 'TimeoutError'
}
