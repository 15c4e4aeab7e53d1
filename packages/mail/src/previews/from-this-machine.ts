/** What the server knows of a request besides it: what node-server, Bun and Deno pass to `fetch` as well. */
export type ServerInfo = object

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

/** A page elsewhere can have its own name point here, but not these. */
const OWN_NAME = /^(?:(?:[\w-]{1,63}\.){0,9}localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i

/**
 * Whether a request comes from this machine: from a loopback address, by no proxy that says so, to a name of this
 * machine, and not by a page of another site. The name alone says nothing, as a client elsewhere may write what it
 * likes; so a server that does not say where a request comes from is not trusted to listen on loopback alone.
 */
export function isFromThisMachine(request: Request, info: ServerInfo): boolean {
  const { headers, url } = request
  const known: KnownInfo = info
  const site = headers.get('sec-fetch-site')
  return (
    LOOPBACK.test(remoteAddressOf(request, known) ?? '') &&
    OF_PROXIES.every((name) => !headers.has(name)) &&
    // No browser speaks HTTP/1.0, and nginx does, where nothing is configured: it says nothing else of itself.
    known.incoming?.httpVersion !== '1.0' &&
    OWN_NAME.test(new URL(url).hostname) &&
    (site === null || site === 'none' || site === 'same-origin')
  )
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

function remoteAddressOf(request: Request, known: KnownInfo): string | undefined {
  const address =
    known.incoming?.socket?.remoteAddress ??
    known.remoteAddr?.hostname ??
    (typeof known.requestIP === 'function' ? known.requestIP(request)?.address : undefined)
  return typeof address === 'string' ? address : undefined
}
