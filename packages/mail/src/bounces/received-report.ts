import { expected } from '@yuzuru/concurrency/boundary'
import PostalMime, { type Email } from 'postal-mime'

/** How much of a report is read: the rest is the message that it is about. A parser takes its time for each line. */
const MAX_BYTES = 262_144
const MAX_LINES = 5_000

/** A received message, and its parts by type. */
export interface ReceivedReport {
  readonly email: Email
  /** The text of the first part of one of these types, with `\n` between its lines; `undefined` without one. */
  part(...types: readonly string[]): string | undefined
  /** A header of the message; empty without it. */
  header(name: string): string
}

/** @throws {TypeError} unless it is bytes or a string */
export async function receivedReport(raw: Uint8Array | string): Promise<ReceivedReport> {
  if (typeof raw !== 'string' && !(raw instanceof Uint8Array)) {
    throw expected('raw to be bytes or a string', raw)
  }
  const email = await PostalMime.parse(beginningOf(raw), { forceRfc822Attachments: true })
  return {
    email,
    part(...types) {
      const found = email.attachments.find(({ mimeType }) => types.includes(mimeType.toLowerCase()))
      if (found === undefined) return undefined
      const { content } = found
      const text = typeof content === 'string' ? content : new TextDecoder().decode(content)
      return text.replaceAll('\r\n', '\n')
    },
    header: (name) => email.headers.find(({ key }) => key === name)?.value ?? '',
  }
}

function beginningOf(raw: Uint8Array | string): Uint8Array {
  const bytes = Buffer.from(
    typeof raw === 'string' ? raw.slice(0, MAX_BYTES) : raw.subarray(0, MAX_BYTES),
  )
  let end = 0
  for (let line = 0; line < MAX_LINES; line += 1) {
    const at = bytes.indexOf('\n', end)
    if (at < 0) return bytes
    end = at + 1
  }
  return bytes.subarray(0, end)
}

/** The Message-ID of the message that a report is about: of its part, or of the copy in its text. */
export function originalMessageId(report: ReceivedReport): string | undefined {
  const part = report.part('message/rfc822', 'message/global', 'text/rfc822-headers')
  const headers = part?.split(/\n\n/, 1)[0] ?? report.email.text ?? ''
  return /^message-id:\s{0,9}(<[!-;=?-~]{1,900}>)/im.exec(headers)?.[1]
}
