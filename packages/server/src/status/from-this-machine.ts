import type { IncomingMessage } from 'node:http'

/** What proxies add. One that adds nothing cannot be seen: then it is for `allow` to say who may look. */
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

const OWN_NAME = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i

/**
 * Whether a request comes from this machine: from a loopback address, by no proxy that says so, to a name
 * of this machine (another one may have been pointed at it: DNS rebinding), and not by a page of another site.
 */
export function isFromThisMachine({ headers, socket }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  return (
    LOOPBACK.test(socket.remoteAddress ?? '') &&
    OF_PROXIES.every((name) => headers[name] === undefined) &&
    OWN_NAME.test(headers.host ?? '') &&
    (site === undefined || site === 'none' || site === 'same-origin')
  )
}
