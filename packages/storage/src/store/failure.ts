import type { Outcome } from '@yuzuru/concurrency'
import { StorageError, type StorageErrorCode } from './storage-error.ts'

/** The operation that an error is about. */
export interface ObjectCall {
  readonly operation: string
  readonly key?: string | undefined
}

export interface FailureInit {
  readonly outcome: Outcome
  readonly retryable?: boolean | undefined
  readonly retryAfterMs?: number | undefined
  readonly status?: number | undefined
  readonly storeCode?: string | undefined
  readonly requestId?: string | undefined
  readonly cause?: unknown
  /** Takes the place of the sentence of the code; says nothing either of what was done. */
  readonly detail?: string | undefined
}

/** None says whether something was done: that is what `outcome` says, and it may become `'unknown'` later. */
const SENTENCES: Readonly<Record<StorageErrorCode, string>> = {
  not_found: 'there is no such object; check the key, or upload it first',
  bucket_not_found: 'there is no such bucket; create it, or check "bucket" and "endpoint"',
  precondition_failed: 'its precondition does not hold; read the object again and decide anew',
  conflict: 'another write to the same key was under way; try again',
  forbidden: 'the store does not allow it; grant these credentials the permission',
  clock_skew: "this machine's clock is wrong by more than the store allows; set it (NTP)",
  wrong_region: 'the bucket is in another region; set "region" (and "endpoint") to its own',
  too_large: 'it is larger than the store takes',
  too_small: 'a part is smaller than the store takes; raise "partSizeBytes"',
  checksum_mismatch: 'the checksum does not match: the bytes changed on the way; try again',
  range_not_satisfiable: 'the range begins behind the end of the object; ask "head" for its size',
  insufficient_storage: 'there is no space left; free some, or raise the quota',
  rate_limited: 'the store asked for fewer requests; try again later, more slowly',
  overloaded:
    'too many calls wait for a connection; make fewer at once, or raise "connections" or "queue"',
  acquire_timeout:
    'no connection became free in time; make fewer calls at once, or raise "connections"',
  unsupported: 'the store does not have this feature; see "compatibility"',
  invalid_request: 'the store does not take the request',
  unavailable: 'the store failed; try again later',
  connection_failed: 'there is no connection to the store; check "endpoint" and the network',
  connection_lost: 'the connection was lost before the answer was complete',
  stalled: 'the store did not move a byte for too long',
  source_failed: 'the source of the body failed',
  incomplete_upload: 'not all that was announced has arrived; send what is missing',
  invalid_token: 'the token is not that of this upload; pass its own, or begin anew',
  unauthenticated: 'there are no credentials; set "credentials", or what the SDK finds them by',
  closed: 'the storage is closed',
  unexpected: 'it failed in a way that is not known',
}

const RETRYABLE: ReadonlySet<StorageErrorCode> = new Set([
  'conflict',
  'checksum_mismatch',
  'rate_limited',
  'overloaded',
  'acquire_timeout',
  'unavailable',
  'connection_failed',
  'connection_lost',
  'stalled',
])

/** The error for a failed operation, with a sentence that says what to do. */
export function failure(
  { operation, key }: ObjectCall,
  code: StorageErrorCode,
  init: FailureInit,
): StorageError {
  const { detail = SENTENCES[code], retryable = RETRYABLE.has(code), ...rest } = init
  const subject = key === undefined ? operation : `${operation} of ${JSON.stringify(key)}`
  return new StorageError(`${subject} failed: ${detail}`, {
    operation,
    key,
    code,
    retryable,
    ...rest,
  })
}

/** The same failure with the outcome `'unknown'`: an earlier part of the call may have had an effect. */
export function withUnknownOutcome(error: StorageError): StorageError {
  return error.outcome === 'unknown' ? error : changed(error, { outcome: 'unknown' })
}

/** Calls `fn`, which follows an effect: its failure has the outcome `'unknown'`. */
export async function afterEffect<T>(fn: () => Promise<T>): Promise<T> {
  try {
    return await fn()
  } catch (error) {
    throw StorageError.isInstance(error) ? withUnknownOutcome(error) : error
  }
}

/** The same failure, not retryable: it does not help to call again with the same arguments. */
export function notRetryable(error: StorageError, advice: string): StorageError {
  if (!error.retryable) return error
  return changed(error, { retryable: false, message: `${error.message}; ${advice}` })
}

function changed(
  error: StorageError,
  change: { readonly outcome?: Outcome; readonly retryable?: boolean; readonly message?: string },
): StorageError {
  const { operation, key, code, retryable, outcome, cause } = error
  const { status, storeCode, requestId, retryAfterMs } = error
  const answer = { status, storeCode, requestId, retryAfterMs }
  const init = { operation, key, code, retryable, outcome, cause, ...answer }
  return new StorageError(change.message ?? error.message, { ...init, ...change })
}
