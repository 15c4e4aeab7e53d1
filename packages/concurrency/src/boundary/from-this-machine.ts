/** What is known of where a request comes from. */
export interface RequestSource {
  /** The address at the other end of its connection; `undefined` where the server does not say. */
  readonly address: string | undefined
  /** `'1.1'`, say; `undefined` where the server does not say. */
  readonly httpVersion: string | undefined
  /** The name that it was sent to, without a port. */
  readonly hostname: string
  /** Reads a header by its name in lower case. */
  readonly header: (name: string) => string | undefined
}

/** What the server knows of a request besides it: what node-server, Bun and Deno pass to `fetch` as well. */
export type ServerInfo = object | undefined

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
 * Whether a request comes from this machine: from a loopback address, through no proxy that shows itself, to a name of
 * this machine (another one may have been pointed at it: DNS rebinding), and not from a page of another site.
 *
 * The name alone says nothing, as a client elsewhere may write what it likes. A server that does not say where a
 * request comes from is not trusted to listen on loopback alone.
 *
 * @example
 * const handler = async (incoming: Request, info?: object): Promise<Response> =>
 *   isFromThisMachine(requestSourceOf(incoming, info))
 *     ? new Response('for you alone')
 *     : new Response(null, { status: 403 })
 */
export function isFromThisMachine({
  address = '',
  httpVersion,
  hostname,
  header,
}: RequestSource): boolean {
  return (
    LOOPBACK.test(address) &&
    OF_PROXIES.every((name) => header(name) === undefined) &&
    // No browser speaks HTTP/1.0. nginx does by default, and shows itself by nothing else.
    httpVersion !== '1.0' &&
    OWN_NAME.test(hostname) &&
    isOwnPage(header('sec-fetch-site'))
  )
}

/**
 * Whether a browser sent a request for a page of this site, or of none. Other programs do not say.
 *
 * @param site the header `Sec-Fetch-Site`
 * @see https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
 */
export function isOwnPage(site: string | undefined): boolean {
  return site === undefined || site === 'none' || site === 'same-origin'
}

/** What is known of a request that a `fetch` handler was called with. */
export function requestSourceOf(request: Request, info: ServerInfo): RequestSource {
  const known: KnownInfo = info ?? {}
  const httpVersion = known.incoming?.httpVersion
  return {
    address: addressOf(request, known),
    httpVersion: typeof httpVersion === 'string' ? httpVersion : undefined,
    hostname: new URL(request.url).hostname,
    header: (name) => request.headers.get(name) ?? undefined,
  }
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

function addressOf(request: Request, known: KnownInfo): string | undefined {
  const address =
    known.incoming?.socket?.remoteAddress ??
    known.remoteAddr?.hostname ??
    (typeof known.requestIP === 'function' ? known.requestIP(request)?.address : undefined)
  return typeof address === 'string' ? address : undefined
}
