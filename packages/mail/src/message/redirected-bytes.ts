import { addressPieces } from './address-pieces.ts'
import { customPieces, headerLine } from './header-line.ts'
import type { Mailbox } from './mail-address.ts'

/** Headers by which an answer, or an answer to all, would reach somebody. */
const ADDRESSED: ReadonlySet<string> = new Set([
  'to',
  'cc',
  'bcc',
  'reply-to',
  'resent-to',
  'resent-cc',
  'resent-bcc',
  'resent-reply-to',
  'x-original-to',
])

/**
 * A written message as it goes to `redirectTo` instead of its recipients: its headers name that address alone, and
 * `X-Original-To` says who it was for. Whoever wrote it, nodemailer's tree or the caller (`raw`).
 */
export function redirectedBytes(
  bytes: Buffer,
  redirectTo: Mailbox,
  recipients: readonly string[],
): Buffer {
  const end = bytes.indexOf('\r\n\r\n')
  const head = bytes.toString('latin1', 0, end < 0 ? bytes.length : end)
  const rest = end < 0 ? Buffer.from('\r\n\r\n') : bytes.subarray(end)
  const kept: string[] = []
  let isKept = true
  for (const line of head.split('\r\n')) {
    const isContinued = line.startsWith(' ') || line.startsWith('\t')
    if (!isContinued) isKept = !ADDRESSED.has(nameOf(line))
    if (isKept && line !== '') kept.push(line)
  }
  const { name, address } = redirectTo
  const own = [
    headerLine('To', addressPieces('To', [{ name, address }])),
    headerLine('X-Original-To', customPieces('X-Original-To', recipients.join(', '))),
  ]
  return Buffer.concat([Buffer.from([...own, ...kept].join('\r\n'), 'latin1'), rest])
}

/** RFC 5322, 4.5: blanks before the colon are obsolete, and read all the same. */
function nameOf(line: string): string {
  return line
    .slice(0, Math.max(0, line.indexOf(':')))
    .trim()
    .toLowerCase()
}
