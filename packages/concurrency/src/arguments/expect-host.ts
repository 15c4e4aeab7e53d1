import { isIPv6 } from 'node:net'
import { describeValue } from './describe-value.ts'

/** What a name, or an address of IPv4, has none of: it would be a URL, a port or a user. */
const NOT_IN_NAMES = /[\s\p{Cc}/\\?#@:,[\]%]/u

/**
 * The name or the address of a host, as sockets take it. An address of IPv6 may stand in brackets, as it does in URLs: they are
 * taken off.
 *
 * @param name the argument's name
 * @throws {TypeError} that does not show the text: it may be a URL with a password
 * @example
 * expectHost('host', '[::1]') // '::1'
 */
export function expectHost(name: string, value: unknown): string {
  if (typeof value === 'string') {
    const bare = value.replace(/^\[(.+)\]$/, '$1')
    if (isIPv6(bare)) return bare
    if (value !== '' && !NOT_IN_NAMES.test(value)) return value
  }
  const got = typeof value === 'string' ? 'another text' : describeValue(value)
  throw new TypeError(
    `Expected ${name} to be the name or the address of a host, without scheme and port, got ${got}`,
  )
}
