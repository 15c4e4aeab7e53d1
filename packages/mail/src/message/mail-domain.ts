import { toASCII } from 'tr46'

/** RFC 1035, 2.3.1 with RFC 1123, 2.1: letters, digits and inner hyphens. */
const LABEL = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/

/** What `inet_aton` reads as a number. */
const NUMBER = /^(?:\d+|0x[\da-f]*)$/

/** A domain has at most 253 octets, and no form of it in Unicode has more. */
const MAX_DOMAIN = 253

/**
 * The domain of a mail address in ASCII; `undefined` when it is not a domain name.
 *
 * A URL parser (`domainToASCII` of Node) would answer with the host of whatever it is given: that of
 * `evil.test/.corp.example` is `evil.test`, and that of `2130706433` is `127.0.0.1`. So this maps and
 * checks by Unicode's IDNA alone (UTS 46, nontransitional), and refuses a last label that is a number:
 * resolvers take it for an IPv4 address (RFC 1123, 2.1).
 */
export function asciiDomain(domain: string): string | undefined {
  if (domain.length > MAX_DOMAIN || !domain.isWellFormed()) return undefined
  const ascii = toASCII(domain, {
    checkBidi: true,
    checkJoiners: true,
    useSTD3ASCIIRules: true,
    verifyDNSLength: true,
  })
  if (ascii === null) return undefined
  const labels = ascii.split('.')
  const isName = labels.every((label) => LABEL.test(label)) && !NUMBER.test(labels.at(-1) ?? '')
  return isName ? ascii : undefined
}
