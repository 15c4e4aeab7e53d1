/** What the server knows of a request besides it: what node-server, Bun and Deno pass to `fetch` as well. */
export type ServerInfo = object | undefined

/** Whether a request may do something. */
export type Predicate = (request: Request, info: ServerInfo) => boolean | Promise<boolean>

/** What proxies add. A page that comes through one is not for this machine alone. */
const OF_PROXIES = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
] as const

const LOOPBACK = /^(?:::1|(?:::ffff:)?127(?:\.\d{1,3}){3})$/

const OWN_NAME = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i

/**
 * Whether a request comes from this machine: from a loopback address, by no proxy that says so, to a name of this machine
 * (another one may have been pointed at it: DNS rebinding), and not by a page of another site. A server that does not say
 * where the request comes from can't be trusted to listen on loopback alone.
 */
export function isFromThisMachine(request: Request, info: ServerInfo): boolean {
  const { headers } = request
  return (
    LOOPBACK.test(remoteAddressOf(request, info) ?? '') &&
    OF_PROXIES.every((name) => !headers.has(name)) &&
    // No browser speaks HTTP/1.0, and nginx does, where nothing is configured: it says nothing else of itself.
    knownOf(info).incoming?.httpVersion !== '1.0' &&
    OWN_NAME.test(new URL(request.url).hostname) &&
    isOwnPage(headers)
  )
}

/** Whether the browser says that a request comes of a page of this site, or of none; other programs say nothing. */
export function isOwnPage(headers: Headers): boolean {
  const site = headers.get('sec-fetch-site')
  return site === null || site === 'none' || site === 'same-origin'
}

interface KnownInfo {
  /** @hono/node-server. */
  readonly incoming?: {
    readonly socket?: { readonly remoteAddress?: unknown }
    readonly httpVersion?: unknown
  }
  /** Deno. */
  readonly remoteAddr?: { readonly hostname?: unknown }
  /** Bun. */
  requestIP?(request: Request): { readonly address?: unknown } | null
}

const knownOf = (info: ServerInfo): KnownInfo => info ?? {}

function remoteAddressOf(request: Request, info: ServerInfo): string | undefined {
  const known = knownOf(info)
  const address =
    known.incoming?.socket?.remoteAddress ??
    known.remoteAddr?.hostname ??
    (typeof known.requestIP === 'function' ? known.requestIP(request)?.address : undefined)
  return typeof address === 'string' ? address : undefined
}
