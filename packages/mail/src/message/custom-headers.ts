import { MAX_WORD } from './encoded-words.ts'
import { isStructured, longestWord } from './header-line.ts'
import { hasControl } from './mail-address.ts'

/** Headers that have a field of the message of their own, or belong to the encoding. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'bcc cc content-disposition content-id content-transfer-encoding content-type date from ' +
    'message-id mime-version reply-to return-path sender subject to'
  ).split(' '),
)

/** Of an id that comes without them: nodemailer puts them there. */
const BRACKETS = '<>'.length

/**
 * Checks the further headers of a message.
 *
 * @throws {TypeError} unless each name is printable ASCII without a colon (RFC 5322, 2.2) and not reserved,
 * and each value is free of line breaks
 */
export function checkedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const checked: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!-9;-~]+$/.test(name)) {
      throw new TypeError(
        'Expected the name of a header to be printable ASCII without ":", got none',
      )
    }
    if (RESERVED.has(name.toLowerCase())) {
      throw new TypeError(`Expected a header that has no field of its own, got "${name}"`)
    }
    if (typeof value !== 'string' || hasControl(value) || !value.isWellFormed()) {
      throw new TypeError(`Expected header "${name}" to be a string without control characters`)
    }
    // Where words are not encoded, none may be longer than a line; an encoded word needs its room, too.
    const longest = longestWord(name)
    if (
      longest < MAX_WORD ||
      (isStructured(name) && value.split(/\s/).some((word) => word.length > longest - BRACKETS))
    ) {
      throw new TypeError(
        `Expected header "${name}" to fit lines of 998 characters, got a longer word`,
      )
    }
    checked[name] = value
  }
  return checked
}
