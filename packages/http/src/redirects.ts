import { type CallContext, failure } from './call-context.ts'
import type { HttpResponse } from './http-response.ts'
import { isSecretHeader } from './redact.ts'
import type { RequestBody } from './request-body.ts'
import { isReplayable } from './request-body.ts'

/** Where to go next, and with what. */
export interface Hop {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: RequestBody | undefined
}

/** The statuses that send elsewhere. */
export const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Headers that are meant for one server only, beside those that are secret. */
const FOR_ONE_ORIGIN: ReadonlySet<string> = new Set([
  'host',
  'idempotency-key',
  'stripe-account',
  'origin',
  'referer',
])

/** Whether an answer sends us elsewhere. */
export function isRedirect(response: HttpResponse): boolean {
  return REDIRECTS.has(response.status) && response.headers.has('location')
}

/**
 * The request that an answer sends us to (RFC 9110, 15.4). To another origin no credential goes along;
 * from https: to http: nobody goes.
 */
export function nextHop(context: CallContext, from: Hop, response: HttpResponse): Hop {
  const location = response.headers.get('location') ?? ''
  if (!URL.canParse(location, from.url)) throw refused(context, 'to something that is no URL')
  const url = new URL(location, from.url)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refused(context, `to a ${url.protocol} URL`)
  }
  if (from.url.protocol === 'https:' && url.protocol === 'http:') {
    throw refused(context, 'from https: to http:')
  }
  url.username = ''
  url.password = ''
  url.hash = ''
  const headers = url.origin === from.url.origin ? from.headers : withoutCredentials(from.headers)
  if (becomesGet(from.method, response.status)) {
    const method = from.method === 'HEAD' ? 'HEAD' : 'GET'
    return { method, url, headers: withoutContent(headers), body: undefined }
  }
  if (!isReplayable(from.body)) throw refused(context, 'with a body that cannot be sent again')
  return { method: from.method, url, headers, body: from.body }
}

function becomesGet(method: string, status: number): boolean {
  if (status === 303) return true
  return method === 'POST' && (status === 301 || status === 302)
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return filtered(headers, (name) => !isSecretHeader(name) && !FOR_ONE_ORIGIN.has(name))
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

function refused(context: CallContext, told: string): Error {
  const outcome = 'none'
  return failure(context, 'redirected', `was redirected ${told}`, { outcome, retryable: false })
}
