import { expected, fieldOf } from '@yuzuru/concurrency/boundary'

/** More than Stripe ever sends: a bound for what strangers may make us hold. */
const MAX_BYTES = 1_048_576

/**
 * The body of a request, byte for byte.
 *
 * @returns `undefined` when it is longer than 1 MiB
 * @throws {TypeError} when something has read it before
 */
export async function readBody(request: Request): Promise<Uint8Array | undefined> {
  if (request.bodyUsed) {
    throw new TypeError('Expected a request whose body was not read before, got one that was')
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > MAX_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Throws unless it is a `Request`, of whichever library. */
export function expectRequest(request: unknown): void {
  if (typeof fieldOf(fieldOf(request, 'headers'), 'get') === 'function') return
  throw expected('request to be a Request of fetch', request)
}
