import type { IncomingMessage } from 'node:http'

/**
 * Whether the head of a request is one that two servers could read in two ways: no `Host` in HTTP/1.1, or
 * more than one (RFC 9112, 3.2), or a target that names another host than `Host` does (3.2.2). A proxy may
 * go by the one, and an app by the other.
 */
export function isAmbiguous(request: IncomingMessage): boolean {
  const { rawHeaders, headers, url = '' } = request
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  if (hosts > 1 || (hosts === 0 && request.httpVersion === '1.1')) return true
  // Nearly all targets are paths.
  if (url.startsWith('/') || url === '*') return false
  const { host } = headers
  const target = URL.parse(url)
  if (target === null || host === undefined) return true
  return target.host !== URL.parse(`${target.protocol}//${host}`)?.host
}
