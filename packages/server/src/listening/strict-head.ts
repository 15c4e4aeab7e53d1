import type { IncomingMessage } from 'node:http'

/** A name or address, with a port or without; RFC 3986, 3.2.2. */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]*|\[[\da-f:.]+\])(?::\d{0,5})?$/i

/** What the last `Host` was: most often the next is the same. */
let known = ''

/**
 * Whether the head of a request is one that two servers could read in two ways: no `Host` in HTTP/1.1, or more than one,
 * or one that is none (RFC 9112, 3.2); a target that names another host than `Host` does (3.2.2), or none at all
 * (`GET *`); or chunks in HTTP/1.0, which has none (6.1). A proxy may go by the one, and an app by the other.
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
  if (url.startsWith('/')) return false
  if (url === '*') return request.method !== 'OPTIONS'
  const target = URL.parse(url)
  if (target === null || hosts === 0) return true
  return target.host !== URL.parse(`${target.protocol}//${host}`)?.host
}

/**
 * Gives a request whose target is a whole address (`GET http://host/path`) its path as its `url`, as it would be without
 * a proxy: the host is that of `Host`, and probes, routes, priorities and names go by the path.
 */
export function useOriginForm(request: IncomingMessage): void {
  const { url = '' } = request
  if (url.startsWith('/') || url === '*') return
  const rest = url.replace(/^[^:]*:\/\/[^/?]*/, '')
  request.url = rest.startsWith('/') ? rest : `/${rest}`
}
