import { type IoOptions, throwIfCancelled } from '@yuzuru/concurrency'
import { expectInteger } from '@yuzuru/concurrency/boundary'
import { contentDisposition, type Disposition } from '../store/content-disposition.ts'
import { checksumHeader } from '../s3/checksum-header.ts'
import { expectKey } from '../store/object-key.ts'
import type { Digest, ObjectBackend, PresignContext } from '../store/object-backend.ts'
import { type PresignRequest, presignUrl } from './presign-url.ts'
import { callStore, type StorageContext } from '../store/storage-context.ts'
import { expectExpiry, type ExpiryOptions, expiryOf } from './url-expiry.ts'
import { expectHeader } from '../upload/write-options.ts'

/** Options of {@link Storage.presignGet}. */
export interface PresignGetOptions extends ExpiryOptions {
  /** Whether a browser should show it or save it. @default 'inline' */
  readonly disposition?: Disposition | undefined
  /** The name under which it is saved, in any language. @default none */
  readonly filename?: string | undefined
  /** The type in the answer. @default the object's own */
  readonly contentType?: string | undefined
}

/** Options of {@link Storage.presignPut}. */
export interface PresignPutOptions extends ExpiryOptions {
  /** The `Content-Type` that the request must have; it is signed. @default any */
  readonly contentType?: string | undefined
  /** How long browsers and caches may keep the object, in seconds; it is signed. @default not said */
  readonly maxAgeSeconds?: number | undefined
  /**
   * The digest that the body must have, in base64; it is signed, and the store checks the body. `'MD5'` is
   * Content-MD5, which every store knows. @default any body
   */
  readonly checksum?: Digest | undefined
}

/** Options of {@link Storage.presignPost}. */
export interface PresignPostOptions extends ExpiryOptions {
  /** The largest body, in bytes. */
  readonly maxBytes: number
  /** The smallest body, in bytes. @default 0 */
  readonly minBytes?: number | undefined
  /** The `Content-Type` that the form must have. @default any */
  readonly contentType?: string | undefined
}

/** A request that its holder may make until it expires. Treat it as a secret. */
export interface PresignedUrl {
  readonly url: string
  /** The headers that the request must have, exactly as they are. */
  readonly headers: Readonly<Record<string, string>>
  /** When it expires: earlier than requested if the credentials expire earlier. */
  readonly expiresAt: Date
}

/** A form that its holder may send until it expires. Treat it as a secret. */
export interface PresignedPost {
  readonly url: string
  /** The fields of the form, to come before the one named `file`. */
  readonly fields: Readonly<Record<string, string>>
  readonly expiresAt: Date
}

/** Makes a URL that reads an object. */
export async function presignGet(
  context: StorageContext,
  key: string,
  options: PresignGetOptions = {},
): Promise<PresignedUrl> {
  expectKey(key)
  const expiresInSeconds = expectExpiry(options)
  const { disposition = 'inline', filename, contentType } = options
  const query: Record<string, string> = {
    'response-content-disposition': contentDisposition(disposition, filename),
  }
  if (contentType !== undefined) {
    expectHeader('contentType', contentType)
    query['response-content-type'] = contentType
  }
  const request = { method: 'GET', key, query, headers: {}, expiresInSeconds } as const
  return await presign(context, 'presignGet', options, request)
}

/** Makes a URL that writes an object. */
export async function presignPut(
  context: StorageContext,
  key: string,
  options: PresignPutOptions = {},
): Promise<PresignedUrl> {
  expectKey(key)
  const expiresInSeconds = expectExpiry(options)
  const { contentType, maxAgeSeconds, checksum } = options
  const headers: Record<string, string> = {}
  if (contentType !== undefined) {
    expectHeader('contentType', contentType)
    headers['content-type'] = contentType
  }
  if (maxAgeSeconds !== undefined) {
    expectInteger('maxAgeSeconds', maxAgeSeconds, 0, 2 ** 31)
    headers['cache-control'] = `max-age=${maxAgeSeconds}`
  }
  if (checksum !== undefined) Object.assign(headers, checksumHeader(checksum))
  const request = { method: 'PUT', key, query: {}, headers, expiresInSeconds } as const
  return await presign(context, 'presignPut', options, request)
}

async function presign(
  context: StorageContext,
  operation: string,
  options: IoOptions,
  request: Omit<PresignRequest, keyof PresignContext>,
): Promise<PresignedUrl> {
  const { backend, life } = context
  const at = life.state !== 'open' || isBound(options) ? undefined : backend.presignerNow
  if (at !== undefined) {
    // Nothing must be fetched, so nothing leaves the process. A page of a thousand links goes this way.
    throwIfCancelled()
    return signed(request, at, backend)
  }
  // Nothing is sent to the store, but credentials may have to be fetched.
  return await callStore(context, { operation, key: request.key }, 'read', options, async () =>
    signed(request, await backend.presigner(), backend),
  )
}

function isBound({ signal, timeoutMs }: IoOptions): boolean {
  return signal !== undefined || timeoutMs !== undefined
}

function signed(
  request: Omit<PresignRequest, keyof PresignContext>,
  at: PresignContext,
  backend: ObjectBackend,
): PresignedUrl {
  const { headers, expiresInSeconds } = request
  const expiresAt = expiryOf(at, expiresInSeconds, backend)
  return { url: presignUrl({ ...request, ...at }), headers, expiresAt }
}
