/**
 * The origin that `given` is, spelled as URLs spell it.
 *
 * @param name what it is called in the error
 * @throws {TypeError} unless it is an http: or https: URL without credentials, path, query and fragment
 */
export function expectBareOrigin(name: string, given: string | URL): string {
  const { origin, pathname, search, hash } = expectHttpUrl(name, given)
  if (pathname === '/' && search === '' && hash === '') return origin
  throw new TypeError(`Expected ${name} to be an origin, got a URL with a path`)
}

/** @throws {TypeError} unless `given` is an absolute http: or https: URL without credentials */
export function expectHttpUrl(name: string, given: string | URL): URL {
  const url = URL.parse(String(given))
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new TypeError(`Expected ${name} to be an absolute http: or https: URL`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError(`Expected ${name} to be a URL without credentials`)
  }
  return url
}
