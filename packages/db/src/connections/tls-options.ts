import type { ConnectionOptions } from 'node:tls'

/** Where the server is, and how to encrypt, as pg takes them. */
export interface TlsPlace {
  readonly url: string | undefined
  readonly ssl: boolean | ConnectionOptions | undefined
}

/** Parameters of a URL that name files. pg reads these and replaces `ssl` with them. */
const FILES = ['sslcert', 'sslkey', 'sslrootcert']

/**
 * Combines the URL and `ssl`. pg would silently prefer the URL and ignore `ssl`, including its `ca`.
 *
 * @throws {TypeError} where they contradict each other, or the URL asks for TLS without a host to verify
 */
export function tlsPlace({ url, ssl }: Partial<TlsPlace>): TlsPlace {
  if (url === undefined) return { url, ssl }
  const query = new URLSearchParams(/\?([^#]*)/.exec(url)?.[1] ?? '')
  const said = (name: string): string | undefined => query.getAll(name).at(-1)
  if (said('uselibpqcompat') === 'true') {
    throw new TypeError(
      'Expected url without uselibpqcompat, which takes any certificate; sslmode=no-verify says so',
    )
  }
  const mode = said('sslmode')
  const flag = said('ssl')
  if (ssl === undefined || (mode === undefined && flag === undefined)) {
    if (ssl !== undefined && FILES.some((name) => query.has(name))) throw twice('files')
    return { url, ssl }
  }
  if (FILES.some((name) => query.has(name))) throw twice('files')
  const word = mode === undefined ? `ssl=${flag}` : `sslmode=${mode}`
  const isOff = mode === undefined ? OFF.has(flag ?? '') : mode === 'disable'
  if (isOff !== (ssl === false)) throw contradiction(word, ssl === false)
  const trustsAll = typeof ssl === 'object' && ssl.rejectUnauthorized === false
  if (!isOff && trustsAll !== (mode === 'no-verify')) {
    throw contradiction(word, false, trustsAll ? ' to take any certificate' : ' to verify')
  }
  return { url: withoutTls(url), ssl }
}

/** The values of `ssl` in a URL that turn TLS off. pg takes everything but `0` for a yes. */
const OFF: ReadonlySet<string> = new Set(['0', 'false'])

/** The URL without its TLS parameters, so that `ssl` alone says how to encrypt. */
function withoutTls(url: string): string {
  return url.replaceAll(/(?<=[?&])(?:sslmode|ssl)=[^&#]*&?/g, '')
}

function twice(what: string): TypeError {
  return new TypeError(`Expected the ${what} for TLS in url or in ssl, got both`)
}

function contradiction(word: string, isOff: boolean, how = ''): TypeError {
  const option = isOff ? 'not to encrypt' : `to encrypt${how}`
  return new TypeError(
    `Expected url and ssl to say the same, got ${word} and an ssl that says ${option}`,
  )
}
