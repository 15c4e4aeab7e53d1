import { rejection } from './answers.ts'

const ATEXT = String.raw`[\w!#$%&'*+/=?^{|}~\x60\-]`
/** RFC 5321, 4.1.2: `Dot-string` or `Quoted-string`, at labels in ASCII or, decoded by the library, beyond. */
const MAILBOX = new RegExp(
  String.raw`^(?:${ATEXT}+(?:\.${ATEXT}+)*|"(?:[ !#-\[\]-~]|\\[ -~])*")@(?:[\p{L}\p{N}\p{M}](?:[\p{L}\p{N}\p{M}\-]*[\p{L}\p{N}\p{M}])?)(?:\.[\p{L}\p{N}\p{M}](?:[\p{L}\p{N}\p{M}\-]*[\p{L}\p{N}\p{M}])?)*$`,
  'u',
)

/** RFC 5321, 4.5.3.1.3: 256 octets of path, with its brackets. */
const MAX_OCTETS = 254

/**
 * Throws the reply 501 unless it is a mailbox. The library's own check is either too strict, as it knows no
 * quoted local part, or none at all.
 */
export function expectMailbox(address: string, what: 'sender' | 'recipient'): void {
  if (address === '' && what === 'sender') return
  const isPostmaster = what === 'recipient' && address.toLowerCase() === 'postmaster'
  if (isPostmaster || (MAILBOX.test(address) && Buffer.byteLength(address) <= MAX_OCTETS)) return
  const message = `Error: Bad ${what} address syntax`
  throw Object.assign(rejection({ reject: 501 }), { message })
}
