import { isIPv6 } from 'node:net'
import type { AppContext } from './environment.ts'

/**
 * The network that a request came from: an IPv4 address, or the first 64 bits of an IPv6 one, of which a
 * single customer has all the rest. Behind a proxy of one's own it is in a header of that proxy's.
 */
export function networkOf(c: AppContext): string {
  return networkOfAddress(c.env?.incoming?.socket.remoteAddress ?? 'unknown')
}

export function networkOfAddress(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = (plain.split('%')[0] ?? '').split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0')
  const groups = [...first, ...zeros, ...last].slice(0, 4)
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
