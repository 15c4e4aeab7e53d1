import type { IncomingMessage } from 'node:http'

/** A name or address, with a port or without; RFC 3986, 3.2.2. A parser of URLs decodes an escape to another name. */
const HOST = /^(?:[\w.~!$&'()*+,;=-]*|\[[\da-f:.]+\])(?::\d{0,5})?$/i

/**
 * A path, with a query or without, that a parser of URLs reads as it stands: it has no fragment, no byte that is no sign
 * of a URL, and in its path no backslash and no segment of dots, escaped or not (RFC 9112, 3.2.1; RFC 3986, 5.2.4).
 */
const PATH = /^(?:\/(?!(?:\.|%2[eE]){1,2}(?:[/?]|$))[!-"$-.0->@-[\]-~]*)+(?:\?[!-"$-~]*)?$/

/** A target that is a whole address, up to the end of its host: that is named, and without a user (RFC 9110, 4.2). */
const ADDRESS = /^https?:\/\/[^/?#@\\]+(?=[/?]|$)/i

/** One coding. Node gives its app what any other beside it makes of a body. */
const CHUNKED = /^chunked$/i

/** One expectation. Node takes one that only has this in it for the same. */
const CONTINUE = /^100-continue$/i

/** What the last `Host` was: most often the next is the same. */
let known = ''

/**
 * Whether the head of a request is one that two servers could read in two ways: no `Host` in HTTP/1.1, or more than one,
 * or one that is none (RFC 9112, 3.2); a target that is none, or names another host than `Host` does (3.2.2), or none at
 * all (`GET *`); a coding but chunks (6.1), or chunks in HTTP/1.0, which has none; or another version of HTTP. A proxy
 * may go by the one, and an app by the other.
 */
export function isAmbiguous(request: IncomingMessage): boolean {
  const { rawHeaders, headers, httpVersion, url = '' } = request
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  const isOld = httpVersion === '1.0'
  if (!isOld && httpVersion !== '1.1') return true
  if (hosts > 1 || (hosts === 0 && !isOld)) return true
  const { host = '', 'transfer-encoding': coding } = headers
  if (coding !== undefined && (isOld || !CHUNKED.test(coding))) return true
  if (host !== known) {
    if (!HOST.test(host) || (host !== '' && !URL.canParse(`http://${host}`))) return true
    known = host
  }
  // Nearly all targets are paths.
  if (url.startsWith('/')) return !PATH.test(url)
  if (url === '*') return request.method !== 'OPTIONS'
  const target = ADDRESS.test(url) && PATH.test(originForm(url)) ? URL.parse(url) : null
  if (target === null || hosts === 0) return true
  return target.host !== URL.parse(`${target.protocol}//${host}`)?.host
}

/** Whether a request that waits for the word to go on expects that and nothing else (RFC 9110, 10.1.1). */
export function expectsContinue({ headers }: IncomingMessage): boolean {
  return CONTINUE.test(headers.expect ?? '')
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
