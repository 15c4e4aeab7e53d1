import { type IoOptions } from '@yuzuru/concurrency'
import { expected, expectInteger, expectObject } from '@yuzuru/concurrency/boundary'
import { type ChecksumAlgorithm, expectAlgorithm } from '../store/checksum.ts'
import { contentDisposition, type Disposition } from '../store/content-disposition.ts'
import { encodeMetadata } from '../store/metadata-value.ts'
import type { ObjectAttributes, WriteConditions } from '../store/object-info.ts'
import { MAX_OBJECT_BYTES } from './part-plan.ts'
import { expectToken } from './upload-ticket.ts'

/** What is stored beside the bytes, as the caller gives it. */
export interface AttributeOptions {
  /** @default 'application/octet-stream' */
  readonly contentType?: string | undefined
  /** Whether a browser should show it or save it. @default none */
  readonly disposition?: Disposition | undefined
  /** The name under which it is saved, in any language. @default none */
  readonly filename?: string | undefined
  readonly cacheControl?: string | undefined
  readonly contentEncoding?: string | undefined
  /**
   * Names of letters, digits and `-`, stored in lower case; values in any language. 2 kB in all, as it is stored:
   * what is not plain ASCII is encoded (RFC 2047, Base64), as S3 does it.
   */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** Up to ten. */
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** How much of an upload has arrived at the store, in bytes. */
export interface UploadProgress {
  readonly sentBytes: number
  /** `undefined` for a body of unknown length. */
  readonly totalBytes: number | undefined
}

/** Options of {@link Storage.upload}. */
export interface UploadOptions extends IoOptions, AttributeOptions, WriteConditions {
  /** @default 'CRC32'; 'MD5' with `compatibility: 's3-compatible'` */
  readonly checksum?: ChecksumAlgorithm | undefined
  /**
   * The digest that the bytes must have, in base64, by the algorithm of `checksum`. Otherwise nothing is
   * stored (`'checksum_mismatch'`). With SHA256 or MD5, only for a body of one part.
   */
  readonly expectedDigest?: string | undefined
  /**
   * Called once when an upload in parts has begun, before the first part is sent, with the token for
   * `resume`: keep it. From then on a failure leaves the parts in the store, so that the upload can be
   * resumed, also in another process. To give it up, call `abortUpload` with the token. If this throws, the
   * upload ends and nothing is left. Not called for a body of one part.
   *
   * @default none: whatever fails, nothing is left
   */
  readonly onResumeToken?: ((token: string) => void | Promise<void>) | undefined
  /**
   * The token of an upload to resume. Give the same body from its beginning: parts that have arrived are
   * compared with it, and only those that are missing or differ are sent. Type, name, metadata and tags are
   * those of its beginning. A failure leaves the parts again.
   *
   * @throws {StorageError} `'not_found'` when that upload is over, `'invalid_token'` when the token is
   *   not for this key and bucket
   */
  readonly resume?: string | undefined
  /**
   * The largest body that is stored, in bytes: 0 to 5 TiB. Nothing of a larger one is stored, and it is
   * read only until that shows (`'too_large'`). @default 5 TiB
   */
  readonly maxBytes?: number | undefined
  /** Called whenever a part has arrived. */
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined
}

/** Checks the attributes and turns them into the form in which they are stored. */
export function expectAttributes(options: AttributeOptions): ObjectAttributes {
  const { disposition, filename, cacheControl, contentEncoding } = options
  // Stores have defaults of their own, and another one for uploads in parts.
  const { contentType = 'application/octet-stream' } = options
  const { metadata, tags } = options
  for (const [name, value] of Object.entries({ contentType, cacheControl, contentEncoding })) {
    if (value !== undefined) expectHeader(name, value)
  }
  for (const [name, value] of Object.entries({ metadata, tags })) {
    if (value !== undefined) expectTexts(name, value)
  }
  if (metadata !== undefined) expectMetadata(metadata)
  if (Object.keys(tags ?? {}).length > 10) throw new TypeError('Expected at most ten tags')
  const named = disposition !== undefined || filename !== undefined
  return {
    contentType,
    ...(named ? { contentDisposition: contentDisposition(disposition ?? 'inline', filename) } : {}),
    ...(cacheControl === undefined ? {} : { cacheControl }),
    ...(contentEncoding === undefined ? {} : { contentEncoding }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(tags === undefined ? {} : { tags }),
  }
}

/** Checks the conditions of a write. */
export function expectConditions({ ifMatch, ifNoneMatch }: WriteConditions): WriteConditions {
  if (ifMatch !== undefined) expectEtag('ifMatch', ifMatch)
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw expected("ifNoneMatch to be '*'", ifNoneMatch)
  }
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    throw new TypeError('Expected either ifMatch or ifNoneMatch, got both')
  }
  return {
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
  }
}

/** Checks the options that only an upload has. */
export function expectUploadOptions(options: UploadOptions): void {
  expectObject('options', options)
  const { checksum, expectedDigest, onProgress, onResumeToken, resume, maxBytes } = options
  if (maxBytes !== undefined) expectInteger('maxBytes', maxBytes, 0, MAX_OBJECT_BYTES)
  if (checksum !== undefined) expectAlgorithm(checksum)
  if (expectedDigest !== undefined && typeof expectedDigest !== 'string') {
    throw expected('expectedDigest to be a string in base64', expectedDigest)
  }
  if (onResumeToken !== undefined && typeof onResumeToken !== 'function') {
    throw expected('onResumeToken to be a function', onResumeToken)
  }
  if (resume !== undefined) expectToken('resume', resume)
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw expected('onProgress to be a function', onProgress)
  }
}

export function expectEtag(name: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && /^[\x21\x23-\x7e]+$/.test(value.replace(/^"(.*)"$/, '$1')))
    return
  throw expected(`${name} to be an ETag`, value)
}

/** Throws unless `value` can be in a header. */
export function expectHeader(name: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/.test(value)) return
  throw expected(`${name} to be printable ASCII without spaces around it`, value)
}

/** The most that metadata may have in all, names and values as they are stored, in bytes (S3 user guide, "Working with object metadata"). */
const MAX_METADATA_BYTES = 2_048

/** Throws unless a store returns this metadata unchanged. */
function expectMetadata(metadata: Readonly<Record<string, string>>): void {
  const names = new Set<string>()
  let bytes = 0
  for (const [name, value] of Object.entries(metadata)) {
    if (!/^[a-z0-9-]+$/i.test(name)) {
      throw new TypeError('Expected the names of metadata to be of letters, digits and "-"')
    }
    const stored = name.toLowerCase()
    if (names.has(stored)) {
      throw new TypeError(
        `Expected the names of metadata to differ in more than their case, got ${JSON.stringify(stored)} twice`,
      )
    }
    names.add(stored)
    bytes += stored.length + encodeMetadata(value).length
  }
  if (bytes > MAX_METADATA_BYTES) {
    throw new TypeError(
      `Expected metadata of at most ${MAX_METADATA_BYTES} bytes in all, as it is stored, got ${bytes}`,
    )
  }
}

function expectTexts(name: string, values: unknown): void {
  expectObject(name, values)
  for (const value of Object.values(values)) {
    if (typeof value === 'string' && value.isWellFormed()) continue
    throw expected(`the values of ${name} to be strings`, value)
  }
}
