import { expected, expectOptions } from '@yuzuru/concurrency/boundary'
import { asciiDomain } from './mail-domain.ts'

/**
 * A mailbox: `'hanako@example.jp'`, `'花子 <hanako@example.jp>'`, or its two parts.
 *
 * It takes what HTML's `<input type=email>` takes, and so the dots of old Japanese mobile addresses
 * (`taro..yamada.@docomo.ne.jp`), which RFC 5322 does not allow unquoted: they may be passed in with and
 * without quotes, and are quoted on the wire. A domain may be in any script (UTS 46). Local parts outside ASCII (SMTPUTF8) and address literals (`@[192.0.2.1]`)
 * are not supported.
 */
export type MailAddress = string | { readonly name?: string | undefined; readonly address: string }

/** A {@link MailAddress} that was checked. */
export interface Mailbox {
  readonly name: string
  /** As the SMTP dialogue names it: its domain in ASCII, its local part quoted where it must be. */
  readonly address: string
  /** The address as it was passed in. */
  readonly given: string
}

/** HTML Standard, "valid e-mail address": the local part. */
const LOCAL_PART = /^[\w.!#$%&'*+/=?^`{|}~-]+$/

/** RFC 5321, 4.1.2, `Dot-string`: what needs no quotes. */
const DOT_STRING = /^[^.]+(?:\.[^.]+)*$/

/** RFC 5321, 4.5.3.1.1 and 4.5.3.1.3: 64 octets of local part, 256 of path with its two brackets. */
const MAX_LOCAL_PART = 64
const MAX_ADDRESS = 254

const CONTROL = /\p{Cc}/u

/** Whether a header can't hold `value`: a line break in it would begin a header of the attacker's. */
export function hasControl(value: string): boolean {
  return CONTROL.test(value)
}

/**
 * Reads one mailbox.
 *
 * @param field stands in the error; the address itself does not, as it is personal data
 * @throws {TypeError} unless `value` is one mailbox
 */
export function parseMailbox(field: string, value: MailAddress): Mailbox {
  const { name, address } = partsOf(field, value)
  if (hasControl(name) || !name.isWellFormed()) {
    throw new TypeError(`Expected the name in ${field} to hold no control characters, got some`)
  }
  return { name, address: checkedAddress(field, address), given: address }
}

function partsOf(field: string, value: MailAddress): { name: string; address: string } {
  if (typeof value === 'object' && value !== null) {
    expectOptions(value, ['name', 'address'], field)
    const { name = '', address } = value
    if (typeof name === 'string' && typeof address === 'string') return { name, address }
  }
  if (typeof value !== 'string') {
    throw expected(`${field} to be a mail address`, value)
  }
  const named = /^(?<name>[^<>]*)<(?<address>[^<>]*)>$/.exec(value)?.groups
  if (named === undefined) return { name: '', address: value }
  const name = (named['name'] ?? '').trim()
  const quoted = /^"(?<inner>[^"\\]*)"$/.exec(name)?.groups
  return { name: quoted?.['inner'] ?? name, address: named['address'] ?? '' }
}

function checkedAddress(field: string, address: string): string {
  const at = address.lastIndexOf('@')
  const plain = unquoted(address.slice(0, Math.max(at, 0)))
  const local = DOT_STRING.test(plain) ? plain : `"${plain}"`
  const domain = asciiDomain(address.slice(at + 1))
  const valid =
    at > 0 &&
    domain !== undefined &&
    local.length <= MAX_LOCAL_PART &&
    LOCAL_PART.test(plain) &&
    local.length + 1 + domain.length <= MAX_ADDRESS
  if (!valid) {
    throw new TypeError(
      `Expected ${field} to be one mail address such as "name@example.jp", got another string`,
    )
  }
  const checked = `${local}@${domain}`
  // Most are as they were passed in; then there is no second text to hold.
  return checked === address ? address : checked
}

/** The quotes of a local part are no part of it (RFC 5321, 4.1.2); nothing within them is escaped here. */
function unquoted(local: string): string {
  return /^"(?<inner>[^"\\]+)"$/.exec(local)?.groups?.['inner'] ?? local
}
