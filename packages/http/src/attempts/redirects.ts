import { type CallContext, failure } from '../errors/call-context.ts'
import type { HttpResponse } from '../response/http-response.ts'
import { PUBLIC_HEADERS } from '../request/public-headers.ts'
import type { RequestBody } from '../request/request-body.ts'
import { isReplayable } from '../request/request-body.ts'
import { mayAddress, type UrlRules } from '../request/request-url.ts'

/** Where to go next, and with what. */
export interface Hop {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: RequestBody | undefined
}

/** The statuses that send elsewhere. */
export const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

const KEY = 'idempotency-key'

/** Methods that may be repeated without a key. */
const REPEATABLE: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PUT',
  'DELETE',
])

/** Whether an answer sends us elsewhere. */
export function isRedirect(response: HttpResponse): boolean {
  return REDIRECTS.has(response.status) && response.headers.has('location')
}

/**
 * The request that an answer sends us to (RFC 9110, 15.4). To another origin no header goes along that
 * may be a credential, and no body unless the client may address that origin; its idempotency key goes
 * where its body may. From https: to http: is refused.
 */
export function nextHop(
  rules: UrlRules,
  context: CallContext,
  from: Hop,
  response: HttpResponse,
): Hop {
  const [location = '', ...others] = new Set(response.headers.getAll('location'))
  // Joined, they would be one address that nobody meant.
  if (others.length > 0) throw refused(context, 'to several places at once')
  const url = URL.parse(location, from.url)
  if (url === null) throw refused(context, 'to something that is no URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refused(context, `to a ${url.protocol} URL`)
  }
  if (from.url.protocol === 'https:' && url.protocol === 'http:') {
    throw refused(context, 'from https: to http:')
  }
  url.username = ''
  url.password = ''
  url.hash = ''
  const isSame = url.origin === from.url.origin
  const headers = isSame ? from.headers : filtered(from.headers, (name) => PUBLIC_HEADERS.has(name))
  if (becomesGet(from.method, response.status)) {
    const method = from.method === 'HEAD' ? 'HEAD' : 'GET'
    return { method, url, headers: withoutContent(headers), body: undefined }
  }
  if (!isReplayable(from.body)) throw refused(context, 'with a body that cannot be sent again')
  if (from.body !== undefined && !isSame && !mayAddress(rules, url)) {
    throw refused(context, 'with its body to an origin that "allowedOrigins" does not name')
  }
  return {
    method: from.method,
    url,
    headers: keyed(rules, context, from, { url, headers }),
    body: from.body,
  }
}

/** The headers with which a request is the same one elsewhere, although its key is no public header. */
function keyed(
  rules: UrlRules,
  context: CallContext,
  from: Hop,
  { url, headers }: Pick<Hop, 'url' | 'headers'>,
): Hop['headers'] {
  const key = from.headers[KEY]
  if (key === undefined || headers[KEY] !== undefined) return headers
  if (mayAddress(rules, url)) return { ...headers, [KEY]: key }
  if (REPEATABLE.has(from.method)) return headers
  // The call may be repeated because of its key; without it, the effect would be had twice.
  throw refused(
    context,
    'with its idempotency key to an origin that "allowedOrigins" does not name',
  )
}

function becomesGet(method: string, status: number): boolean {
  if (status === 303) return true
  return method === 'POST' && (status === 301 || status === 302)
}

function withoutContent(headers: Readonly<Record<string, string>>): Record<string, string> {
  return filtered(headers, (name) => !name.startsWith('content-'))
}

function filtered(
  headers: Readonly<Record<string, string>>,
  keep: (name: string) => boolean,
): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => keep(name)))
}

/** Refusing to go on undoes nothing: the context knows whether the redirect came after the effect. */
function refused(context: CallContext, where: string): Error {
  const outcome = 'none'
  return failure(context, 'redirected', `was redirected ${where}`, { outcome, retryable: false })
}
