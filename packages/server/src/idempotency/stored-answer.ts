import { expected } from '@yuzuru/concurrency/boundary'
import { bytesWithin } from './kept-bytes.ts'
import type { StoredAnswer } from './idempotency-store.ts'

/** The header that says of an answer that it is a repeat's; Stripe's name for it. */
const REPLAYED = 'idempotent-replayed'

/** What is kept of an answer: what describes its body and its effect. */
const KEPT: readonly string[] = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'etag',
  'last-modified',
  'link',
  'location',
  'vary',
]

/** What belongs to one client, one connection or one moment. */
const NEVER_KEPT: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'proxy-authenticate',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'www-authenticate',
])

/**
 * The names of the headers that are kept.
 *
 * @param further names beside those that always are
 * @throws {TypeError} for a name that is not valid, and for one that must not be given to a repeat
 */
export function keptHeaders(further: readonly string[]): ReadonlySet<string> {
  if (!Array.isArray(further)) throw expected('keepHeaders to be a list of names', further)
  const names = further.map((name: unknown) => {
    if (typeof name !== 'string' || !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw expected('keepHeaders to be names of headers', name)
    }
    return name.toLowerCase()
  })
  const refused = names.find((name) => NEVER_KEPT.has(name))
  if (refused !== undefined) {
    throw new TypeError(`Expected keepHeaders without what is one answer's own, got "${refused}"`)
  }
  return new Set([...KEPT, ...names])
}

/**
 * What is kept of an answer. Reads its body to the end.
 *
 * @throws {TypeError} when that has more than `maxBytes`
 */
export async function storedAnswer(
  response: Response,
  kept: ReadonlySet<string>,
  maxBytes: number,
): Promise<StoredAnswer> {
  const body = await bytesWithin(response, maxBytes)
  if (body === undefined) {
    throw new TypeError(
      `Expected an answer of at most ${maxBytes} bytes (maxAnswerBytes), got more`,
    )
  }
  const headers = [...response.headers].filter(([name]) => kept.has(name))
  return { status: response.status, headers, body }
}

/** The answer as its first client gets it: all its headers, and the body that was read. */
export function firstAnswer({ headers }: Response, { status, body }: StoredAnswer): Response {
  return new Response(bodyOf(body), { status, headers })
}

/** The answer as a repeat gets it. */
export function replayedAnswer({ status, headers, body }: StoredAnswer): Response {
  // As a whole: to a response of `@hono/node-server` that has none, a further one would come beside its own.
  const all = new Headers(headers.map(([name, value]): [string, string] => [name, value]))
  all.set(REPLAYED, 'true')
  return new Response(bodyOf(body), { status, headers: all })
}

/** 204, 205 and 304 have no body, not even an empty one. */
function bodyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> | null {
  return bytes.byteLength === 0 ? null : new Uint8Array(bytes)
}
