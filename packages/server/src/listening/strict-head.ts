import type { IncomingMessage } from 'node:http'

/** A name or address, with a port or without; RFC 3986, 3.2.2. */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]*|\[[\da-f:.]+\])(?::\d{0,5})?$/i

/**
 * A path, with a query or without, that a parser of URLs reads as it stands: it has no fragment, no byte that is no sign
 * of a URL, and in its path no backslash and no segment of dots, escaped or not (RFC 9112, 3.2.1; RFC 3986, 5.2.4).
 */
const PATH = /^(?:\/(?!(?:\.|%2[eE]){1,2}(?:[/?]|$))[!-"$-.0->@-[\]-~]*)+(?:\?[!-"$-~]*)?$/

/** A target that is a whole address, up to the end of its host: that is named, and without a user (RFC 9110, 4.2). */
const ADDRESS = /^https?:\/\/[^/?#@\\]+(?=[/?]|$)/i

/** What the last `Host` was: most often the next is the same. */
let known = ''

/**
 * Whether the head of a request is one that two servers could read in two ways: no `Host` in HTTP/1.1, or more than one,
 * or one that is none (RFC 9112, 3.2); a target that is none, or names another host than `Host` does (3.2.2), or none at
 * all (`GET *`); or chunks in HTTP/1.0, which has none (6.1). A proxy may go by the one, and an app by the other.
 */
export function isAmbiguous(request: IncomingMessage): boolean {
  const { rawHeaders, headers, url = '' } = request
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  const isOld = request.httpVersion === '1.0'
  if (hosts > 1 || (hosts === 0 && !isOld)) return true
  if (isOld && headers['transfer-encoding'] !== undefined) return true
  const { host = '' } = headers
  if (host !== known) {
    if (!HOST.test(host)) return true
    known = host
  }
  // Nearly all targets are paths.
  if (url.startsWith('/')) return !PATH.test(url)
  if (url === '*') return request.method !== 'OPTIONS'
  const target = ADDRESS.test(url) && PATH.test(originForm(url)) ? URL.parse(url) : null
  if (target === null || hosts === 0) return true
  return target.host !== URL.parse(`${target.protocol}//${host}`)?.host
}

/**
 * Gives a request whose target is a whole address (`GET http://host/path`) its path as its `url`, as it would be without
 * a proxy: the host is that of `Host`, and probes, routes, priorities and names go by the path.
 */
export function useOriginForm(request: IncomingMessage): void {
  const { url = '' } = request
  if (!url.startsWith('/') && url !== '*') request.url = originForm(url)
}

function originForm(url: string): string {
  const path = url.replace(ADDRESS, '')
  return path.startsWith('/') ? path : `/${path}`
}
