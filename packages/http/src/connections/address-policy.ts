import { BlockList, isIP } from 'node:net'

/** An address that a name was resolved to. */
export interface ResolvedAddress {
  /** An IP address; v4-mapped v6 addresses come as v4. */
  readonly address: string
  readonly family: 4 | 6
  /** The host of the URL. */
  readonly hostname: string
}

/** Which addresses may be connected to. */
export type AddressPolicy = 'any' | 'public' | ((resolved: ResolvedAddress) => boolean)

/*
 * The special-purpose addresses: https://www.iana.org/assignments/iana-ipv4-special-registry and
 * https://www.iana.org/assignments/iana-ipv6-special-registry. The metadata services of the clouds
 * are within 169.254.0.0/16, 100.64.0.0/10, 168.63.129.16 and fd00::/8.
 */
const special = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  special.addSubnet(network, prefix, 'ipv4')
}

/** Only 2000::/3 is global unicast; of it these are not for the public. */
const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')
const special6 = new BlockList()
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const) {
  special6.addSubnet(network, prefix, 'ipv6')
}

/** Whether an IP address is one of the public Internet. */
export function isPublicAddress(address: string): boolean {
  const { address: plain, family } = unmapped(address)
  if (family === 4) return !special.check(plain, 'ipv4')
  if (family !== 6) return false
  return global6.check(plain, 'ipv6') && !special6.check(plain, 'ipv6')
}

/** Whether `policy` permits to connect to `address`. */
export function isAllowed(policy: AddressPolicy, address: string, hostname: string): boolean {
  if (policy === 'any') return true
  if (policy === 'public') return isPublicAddress(address)
  const { address: plain, family } = unmapped(address)
  return (family === 4 || family === 6) && policy({ address: plain, family, hostname })
}

/** A v4-mapped v6 address (`::ffff:a.b.c.d`, in any spelling) as the v4 address that it reaches. */
function unmapped(address: string): { readonly address: string; readonly family: number } {
  const [plain = ''] = address.split('%', 1)
  const family = isIP(plain)
  if (family !== 6) return { address: plain, family }
  // The URL parser gives every spelling of a v6 address the same form (WHATWG URL, 3.5).
  const canonical = new URL(`http://[${plain}]/`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical)
  if (mapped === null) return { address: canonical, family }
  const bits = (Number.parseInt(mapped[1] ?? '', 16) << 16) | Number.parseInt(mapped[2] ?? '', 16)
  const bytes = [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255)
  return { address: bytes.join('.'), family: 4 }
}
