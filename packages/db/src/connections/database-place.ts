import { expectHost } from '@yuzuru/concurrency/boundary'

/**
 * A host as pg takes it: the folder of a Unix socket, a name or an address.
 *
 * @throws {TypeError}
 */
export function placeOf(host: string): string {
  return typeof host === 'string' && host.startsWith('/') ? host : expectHost('host', host)
}

/**
 * Throws unless pg can read the URL, so that it does not say so with the first query, and unless the host that it names may be one.
 *
 * @throws {TypeError} that does not show it: it may hold a password
 */
export function expectDatabaseUrl(url: string): void {
  if (!/^postgres(ql)?:\/\//.test(url) || /\0|%00/.test(url)) {
    throw new TypeError('Expected url to start with postgres:// or postgresql://, without U+0000')
  }
  const parsed = parse(url)
  if (parsed === undefined) {
    throw new TypeError('Expected url to be like postgres://user:password@host:port/database')
  }
  const { hostname, searchParams } = parsed
  const inQuery = searchParams.getAll('host').at(-1)
  const host = inQuery ?? decodeURIComponent(hostname)
  // Without one it is that of libpq's variables, or localhost.
  if (host === '' || (inQuery ?? placeOf(host)) === placeOf(host)) return
  throw new TypeError('Expected the host in the query of url to be an address without brackets')
}

/** The URL as pg reads it, which takes blanks in it, and none for a host before a folder in its query. */
function parse(url: string): URL | undefined {
  const isOdd = / |%[^a-f\d]|%[a-f\d][^a-f\d]/i.test(url)
  try {
    const text = isOdd ? encodeURI(url).replaceAll(/%25(\d\d)/g, '%$1') : url
    const parsed = URL.parse(text) ?? URL.parse(text.replace('@/', '@unnamed/'))
    if (parsed === null) return undefined
    decodeURI(parsed.pathname)
    for (const part of [parsed.hostname, parsed.username, parsed.password]) decodeURIComponent(part)
    return parsed
  } catch {
    return undefined
  }
}
