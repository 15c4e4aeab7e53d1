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
  if (saysItsLength(request)) {
    const whole = new Uint8Array(await request.arrayBuffer())
    return whole.byteLength > MAX_BYTES ? undefined : whole
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

/**
 * Whether it says that it is short enough, and may be read in one piece. A server of HTTP ends a body where
 * its length says, so no more than that can come.
 */
function saysItsLength({ headers }: Request): boolean {
  const length = headers.get('content-length')
  return length !== null && /^\d{1,7}$/.test(length) && Number(length) <= MAX_BYTES
}

/** Throws unless it is a `Request`, of whichever library. */
export function expectRequest(request: unknown): void {
  if (typeof fieldOf(fieldOf(request, 'headers'), 'get') === 'function') return
  throw expected('request to be a Request of fetch', request)
}
