import { hasMark, IoError, type IoErrorInit, mark } from '@yuzuru/concurrency'

/**
 * Why an operation on a store failed.
 *
 * The store answered:
 * - `'not_found'`: there is no such object, version or multipart upload.
 * - `'bucket_not_found'`: there is no such bucket.
 * - `'precondition_failed'`: `ifMatch` or `ifNoneMatch` did not hold. With `outcome: 'unknown'` it may be that
 *   an earlier try of the same call had its effect.
 * - `'conflict'`: another write to the key was under way; `outcome` as above.
 * - `'forbidden'`: the credentials are known but may not do this.
 * - `'unauthenticated'`: the store knows neither the access key nor the token, or the signature is wrong, or the
 *   session token is over and a fresh one did not help: `storeCode` says which. Without an answer: there are no
 *   credentials, or what gets them failed; nothing was sent.
 * - `'clock_skew'`: the clock of this machine is off by more than the store allows (15 minutes on S3).
 * - `'wrong_region'`: the bucket is in another region.
 * - `'too_large'`, `'too_small'`: the object or a part is outside what the store takes.
 * - `'checksum_mismatch'`: what arrived is not what was sent.
 * - `'range_not_satisfiable'`: the range begins behind the end of the object.
 * - `'insufficient_storage'`: the store, or the disk that a download is written to, is full.
 * - `'rate_limited'`: the store asked to slow down.
 * - `'unsupported'`: the store does not have this feature.
 * - `'invalid_request'`: the store did not understand the request.
 * - `'unavailable'`: the store failed inside, or a gateway before it answered.
 *
 * On the way:
 * - `'overloaded'`: too many calls wait for a connection here.
 * - `'acquire_timeout'`: no connection became free in time.
 * - `'connection_failed'`: no connection; nothing was sent.
 * - `'connection_lost'`: the connection ended too early.
 * - `'stalled'`: no byte moved, or no answer began, for too long.
 * - `'source_failed'`: the body of an upload threw, or was shorter or longer than it said.
 * - `'incomplete_upload'`: a browser did not send all that it announced.
 * - `'invalid_token'`: the token of an upload is for another upload, or was altered.
 * - `'closed'`: the storage was closed.
 * - `'unexpected'`: none of these; see `cause`.
 */
export type StorageErrorCode =
  | 'not_found'
  | 'bucket_not_found'
  | 'precondition_failed'
  | 'conflict'
  | 'forbidden'
  | 'unauthenticated'
  | 'clock_skew'
  | 'wrong_region'
  | 'too_large'
  | 'too_small'
  | 'checksum_mismatch'
  | 'range_not_satisfiable'
  | 'insufficient_storage'
  | 'rate_limited'
  | 'overloaded'
  | 'acquire_timeout'
  | 'unsupported'
  | 'invalid_request'
  | 'unavailable'
  | 'connection_failed'
  | 'connection_lost'
  | 'stalled'
  | 'source_failed'
  | 'incomplete_upload'
  | 'invalid_token'
  | 'closed'
  | 'unexpected'

/** What a {@link StorageError} is made of. */
export interface StorageErrorInit extends Omit<IoErrorInit, 'boundary' | 'code'> {
  readonly code: StorageErrorCode
  readonly key?: string | undefined
  readonly status?: number | undefined
  readonly storeCode?: string | undefined
  readonly requestId?: string | undefined
}

/**
 * An operation on a store failed. `outcome` says whether it may have had its effect all the same; the
 * message ends with advice.
 *
 * @example
 * catch (error) {
 *   if (StorageError.isInstance(error) && error.code === 'not_found') return undefined
 *   throw error
 * }
 */
export class StorageError extends IoError {
  declare readonly code: StorageErrorCode
  /** The key that it is about, if any. */
  readonly key: string | undefined
  /** The HTTP status of the store's answer, if there was one. */
  readonly status: number | undefined
  /** The store's own code, such as `SignatureDoesNotMatch`, if its answer had one. */
  readonly storeCode: string | undefined
  /** The store's id of the request, for its operator or support. */
  readonly requestId: string | undefined

  static {
    mark(this.prototype, 'StorageError')
  }

  constructor(message: string, init: StorageErrorInit) {
    super(message, { ...init, boundary: 'storage' })
    this.key = init.key
    this.status = init.status
    this.storeCode = init.storeCode
    this.requestId = init.requestId
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static override isInstance(value: unknown): value is StorageError {
    return hasMark(value, 'StorageError')
  }
}
