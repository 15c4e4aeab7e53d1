import { addressPieces } from './address-pieces.ts'
import { type EncodedBody, encodedText } from './body-encoding.ts'
import { boundaryFor } from './boundary.ts'
import { usualName } from './header-name.ts'
import { customPieces, headerLine, structuredPieces, textPieces } from './header-line.ts'
import type { Mailbox } from './mail-address.ts'
import { type CheckedMessage, textsOf } from './native-message.ts'

/** A text, encoded, with its type. */
interface Part {
  readonly type: string
  readonly body: EncodedBody
}

/**
 * Writes a message of text, HTML or both, as most are, without nodemailer's tree (decision 106): byte by byte
 * what `writeMessage` makes of the tree.
 *
 * @returns nothing for any other message: with attachments, an invite, or a header of nodemailer's own form
 */
export function plainMessage(message: CheckedMessage): Buffer | undefined {
  const { attachments = [], invite, headers } = message
  if (attachments.length > 0 || invite !== undefined) return undefined
  const custom = headers === undefined ? '' : customLines(headers)
  if (custom === undefined) return undefined
  const head = `${custom}${addressLines(message)}${ownLines(message)}`
  const parts = partsOf(message)
  const [first, second] = parts
  if (second === undefined) {
    const { body, type } = first
    const last = `Content-Transfer-Encoding: ${body.transferEncoding}\r\nMIME-Version: 1.0\r\nContent-Type: ${type}`
    return joined(`${head}${last}\r\n\r\n`, body.bytes, '')
  }
  const boundary = `${boundaryFor(parts.map(({ body }) => body))}-1`
  const type = `multipart/alternative;\r\n boundary="${boundary}"`
  const opening = ({ type: own, body }: Part): string =>
    `--${boundary}\r\nContent-Type: ${own}\r\nContent-Transfer-Encoding: ${body.transferEncoding}\r\n\r\n`
  const start = `${head}MIME-Version: 1.0\r\nContent-Type: ${type}\r\n\r\n${opening(first)}`
  const middle = `\r\n${opening(second)}`
  return joined(start, first.body.bytes, middle, second.body.bytes, `\r\n--${boundary}--\r\n`)
}

/** nodemailer leaves out the one that is empty. */
function partsOf(message: CheckedMessage): readonly [Part, ...Part[]] {
  const { text, html } = textsOf(message)
  const plain = { type: 'text/plain; charset=utf-8', body: encodedText(text) }
  if (html === undefined || html === '') return [plain]
  const rich = { type: 'text/html; charset=utf-8', body: encodedText(html) }
  return text === '' ? [rich] : [plain, rich]
}

/** Of headers whose form is not known here, nothing. */
function customLines(headers: Readonly<Record<string, string>>): string | undefined {
  let text = ''
  const names = new Set<string>()
  for (const [given, value] of Object.entries(headers)) {
    const name = usualName(given)
    const isId = name === 'References' || name === 'In-Reply-To'
    if (name.startsWith('Content-') || names.has(name)) return undefined
    if (isId && !/^<[!-;=?-~]+>(?: <[!-;=?-~]+>)*$/.test(value)) return undefined
    names.add(name)
    const words = value.replaceAll(/[\r\n]+/g, ' ').trim()
    const pieces = isId ? structuredPieces(words) : customPieces(name, words)
    if (pieces.length > 0) text += `${headerLine(name, pieces)}\r\n`
  }
  return text
}

function addressLines({ from, to, cc, replyTo }: CheckedMessage): string {
  return `${addressLine('From', [from])}${addressLine('To', to)}${addressLine('Cc', cc)}${addressLine('Reply-To', replyTo)}`
}

function addressLine(name: string, mailboxes: readonly Mailbox[]): string {
  if (mailboxes.length === 0) return ''
  return `${headerLine(name, addressPieces(name, mailboxes))}\r\n`
}

function ownLines({ subject, messageId, dateMs }: CheckedMessage): string {
  const words = subject.trim()
  const pieces = textPieces('Subject', words)
  const about = pieces.length === 0 ? '' : `${headerLine('Subject', pieces)}\r\n`
  return `${about}Message-ID: ${messageId}\r\nDate: ${new Date(dateMs).toUTCString().replace('GMT', '+0000')}\r\n`
}

/** Text of ASCII and bytes in one piece, which ends with a line break. */
function joined(...pieces: readonly (string | Buffer)[]): Buffer {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const whole = Buffer.allocUnsafe(size + 2)
  let at = 0
  for (const piece of pieces) {
    at += typeof piece === 'string' ? whole.write(piece, at, 'latin1') : piece.copy(whole, at)
  }
  if (whole[at - 1] !== 0x0a) at += whole.write('\r\n', at, 'latin1')
  return whole.subarray(0, at)
}
