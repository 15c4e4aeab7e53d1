import { isAscii } from 'node:buffer'

/** RFC 2045, 6.7 and 6.8: encoded lines have at most 76 characters. */
const LINE = 76

/** The transfer encodings that are written here. */
export type TransferEncoding = '7bit' | '8bit' | 'quoted-printable' | 'base64'

/** A body as it goes out. */
export interface EncodedBody {
  readonly bytes: Buffer
  readonly transferEncoding: TransferEncoding
}

/** With every line break as CRLF (RFC 2045, 6.6): a lone CR or LF would change on its way. */
function canonicalText(text: string): string {
  return /\r(?!\n)|(?<!\r)\n/.test(text) ? text.replaceAll(/\r\n?|\n/g, '\r\n') : text
}

/** The same for bytes, which also end with a line break then. */
export function canonicalBytes(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1')
  const isWhole = text.endsWith('\n') && !/\r(?!\n)|(?<!\r)\n/.test(text)
  if (isWhole) return bytes
  return Buffer.from(canonicalText(text.endsWith('\n') ? text : `${text}\n`), 'latin1')
}

/** What must not be encoded, under the name that is true of it. */
export function unencoded(bytes: Buffer): EncodedBody {
  return { bytes, transferEncoding: isAscii(bytes) ? '7bit' : '8bit' }
}

/** A text that goes out as it is: short lines of ASCII without what some servers change. */
function isPlain(bytes: Buffer): boolean {
  if (!isAscii(bytes)) return false
  const text = bytes.toString('latin1')
  // eslint-disable-next-line no-control-regex
  return !/[^\t\r\n -~]/.test(text) && !/^(?:.{77}|From )/m.test(text)
}

/** Encodes a text: as it is, or in the smaller of quoted-printable and base64. */
export function encodedText(text: string, wanted?: TransferEncoding): EncodedBody {
  const bytes = Buffer.from(canonicalText(text))
  if (wanted === 'base64') return encodedBytes(bytes)
  if (wanted === undefined && isPlain(bytes)) return { bytes, transferEncoding: '7bit' }
  const isQuoted = wanted === 'quoted-printable' || quotedSize(bytes) <= base64Size(bytes)
  return isQuoted
    ? { bytes: quotedPrintable(bytes), transferEncoding: 'quoted-printable' }
    : encodedBytes(bytes)
}

/** Encodes bytes so that they arrive as they are. */
export function encodedBytes(bytes: Buffer): EncodedBody {
  const text = bytes.toString('base64')
  const lines = []
  for (let from = 0; from < text.length; from += LINE) lines.push(text.slice(from, from + LINE))
  return { bytes: Buffer.from(lines.join('\r\n'), 'latin1'), transferEncoding: 'base64' }
}

function base64Size(bytes: Buffer): number {
  const size = Math.ceil(bytes.length / 3) * 4
  return size + Math.floor(size / LINE) * 2
}

const CR = 0x0d
const LF = 0x0a
const EQUALS = 0x3d
const HEX = Buffer.from('0123456789ABCDEF')

/** How many characters each byte takes: 1 as it is, 3 as `=3D`. White space depends on what follows. */
const SIZES: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === 0x09 || (byte >= 0x20 && byte <= 0x7e && byte !== EQUALS) ? 1 : 3,
)

/** The same, with line breaks, which stay as they are. */
const QUOTED_SIZES: Uint8Array = SIZES.map((size, byte) => (byte === CR || byte === LF ? 1 : size))

/** About how many bytes quoted-printable takes, soft line breaks included. */
function quotedSize(bytes: Buffer): number {
  let size = 0
  for (const byte of bytes) size += QUOTED_SIZES[byte] ?? 3
  return size + Math.floor(size / LINE) * 3
}

/**
 * Quoted-printable (RFC 2045, 6.7) of a canonical text. No character is split between two lines, and
 * `From ` at the beginning of one is encoded, which mail stores would change.
 */
function quotedPrintable(bytes: Buffer): Buffer {
  // Each byte takes three at most, and each line of 70 or more three for its soft break.
  const output = Buffer.allocUnsafe(bytes.length * 3 + Math.ceil((bytes.length * 3) / 60) * 3 + 8)
  let at = 0
  let column = 0
  for (let index = 0; index < bytes.length;) {
    const byte = bytes[index] ?? 0
    if (byte === CR || byte === LF) {
      output[at++] = byte
      index += 1
      column = 0
      continue
    }
    const length = byte < 0xc0 ? 1 : characterLength(byte)
    const isLiteral = SIZES[byte] === 1 && !isEncodedAnyway(bytes, index, column)
    const size = isLiteral ? 1 : length * 3
    if (column + size > LINE - 1 && !(column + size === LINE && isAtEnd(bytes, index + length))) {
      output[at++] = EQUALS
      output[at++] = CR
      output[at++] = LF
      column = 0
    }
    if (isLiteral) output[at++] = byte
    else {
      for (let next = index; next < index + length && next < bytes.length; next++) {
        const each = bytes[next] ?? 0
        output[at++] = EQUALS
        output[at++] = HEX[each >> 4] ?? 0
        output[at++] = HEX[each & 15] ?? 0
      }
    }
    column += size
    index += length
  }
  return output.subarray(0, at)
}

/** White space at the end of a line is lost on the way, and `From ` at its beginning is changed. */
function isEncodedAnyway(bytes: Buffer, index: number, column: number): boolean {
  const byte = bytes[index]
  if (byte === 0x20 || byte === 0x09) return isAtEnd(bytes, index + 1)
  return column === 0 && byte === 0x46 && bytes.toString('latin1', index, index + 5) === 'From '
}

function isAtEnd(bytes: Buffer, index: number): boolean {
  return index >= bytes.length || bytes[index] === CR
}

function characterLength(lead: number): number {
  if (lead < 0xe0) return 2
  return lead < 0xf0 ? 3 : 4
}
