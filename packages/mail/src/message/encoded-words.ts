/** The most characters of an encoded word (RFC 2047, 2). */
export const MAX_WORD = 75
const FRAME = '=?UTF-8?B??='.length
/** Every word holds a character of four bytes, of three digits each in Q. */
const MIN_ROOM = 12

/** What stands for itself in Q, within a name too (RFC 2047, 5, rule 3). */
const LITERAL: ReadonlySet<number> = new Set(
  Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/'),
)
const SPACE = 0x20

/** How many bytes go into words of one encoding. */
interface Encoding {
  /** How many characters `bytes` take. */
  size(bytes: Uint8Array): number
  word(bytes: Buffer): string
}

const Q: Encoding = {
  size(bytes) {
    let size = 0
    for (const byte of bytes) size += LITERAL.has(byte) || byte === SPACE ? 1 : 3
    return size
  },
  word(bytes) {
    let text = ''
    for (const byte of bytes) {
      if (byte === SPACE) text += '_'
      else if (LITERAL.has(byte)) text += String.fromCharCode(byte)
      else text += `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
    }
    return `=?UTF-8?Q?${text}?=`
  },
}

const B: Encoding = {
  size: (bytes) => Math.ceil(bytes.length / 3) * 4,
  word: (bytes) => `=?UTF-8?B?${bytes.toString('base64')}?=`,
}

/**
 * A text as encoded words (RFC 2047), in the shorter of the two encodings. Each holds whole characters;
 * a reader joins them without the white space between.
 *
 * @param first how many characters the first word may have; the others have up to 75
 */
export function encodedWords(text: string, first: number = MAX_WORD): string[] {
  const bytes = Buffer.from(text)
  const encoding = Q.size(bytes) <= B.size(bytes) ? Q : B
  const words: string[] = []
  let from = 0
  for (let at = 0; at < bytes.length;) {
    const next = at + characterLength(bytes[at] ?? 0)
    const most = words.length === 0 ? first : MAX_WORD
    const room = Math.max(most - FRAME, MIN_ROOM)
    if (at > from && encoding.size(bytes.subarray(from, next)) > room) {
      words.push(encoding.word(bytes.subarray(from, at)))
      from = at
    }
    at = next
  }
  return [...words, encoding.word(bytes.subarray(from))]
}

/** How many bytes a UTF-8 character has that begins with `lead`. */
function characterLength(lead: number): number {
  if (lead < 0xc0) return 1
  if (lead < 0xe0) return 2
  return lead < 0xf0 ? 3 : 4
}
