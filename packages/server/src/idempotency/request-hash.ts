import { createHash } from 'node:crypto'

/** What stands for a request in the store; nothing can be read from it. */
export interface RequestHash {
  /** Of the caller and the key. */
  readonly id: string
  /** Of what is asked. */
  readonly fingerprint: string
  /** Of both: the same at each attempt at one request, and for no other. */
  readonly downstreamKey: string
}

/** Two requests are the same when all of this is, byte for byte. */
export interface HashedRequest {
  readonly caller: string
  readonly key: string
  readonly method: string
  readonly url: string
  readonly contentType: string
  readonly body: Uint8Array
}

/** Hashes a request. The host is no part of it: one service may have several names. */
export function requestHash(request: HashedRequest): RequestHash {
  const { pathname, search } = new URL(request.url)
  const id = hash('key', request.caller, request.key)
  const parts = [request.method, pathname, search, request.contentType]
  const fingerprint = hash('request', ...parts, request.body)
  return { id, fingerprint, downstreamKey: hash('downstream', id, fingerprint) }
}

/** SHA-256 of the parts, each with its length before it: no two lists of parts are one text. */
function hash(...parts: readonly (string | Uint8Array)[]): string {
  const sum = createHash('sha256')
  for (const part of parts) {
    // UTF-8 would make one text of all lone surrogates, and one caller of two.
    const bytes = typeof part === 'string' ? Buffer.from(part, 'utf16le') : part
    sum.update(`${bytes.byteLength}:`).update(bytes)
  }
  return sum.digest('base64url')
}
