import { simpleParser, type AddressObject } from 'mailparser'

/** What SMTP itself said, which the headers need not agree with. */
export interface Envelope {
  /** Empty for a bounce (`MAIL FROM:<>`). */
  readonly from: string
  readonly to: readonly string[]
}

/** One file that came with a message. */
export interface InboxAttachment {
  readonly filename: string | undefined
  readonly contentType: string
  readonly content: Uint8Array
}

/** A message that the server accepted. */
export interface InboxMessage {
  /** With its angle brackets; empty when the message has none. */
  readonly messageId: string
  /** The address in the `From` header. */
  readonly from: string
  /** The addresses in the `To` header; its real recipients are in `envelope.to`. */
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  readonly html: string | undefined
  readonly attachments: readonly InboxAttachment[]
  /** By lower-case name, unfolded and otherwise as sent; those of one name are joined by a line feed. */
  readonly headers: Readonly<Record<string, string>>
  readonly envelope: Envelope
  readonly receivedAt: Date
  readonly sizeBytes: number
  /** The bytes as received. */
  readonly raw: Uint8Array
}

const addresses = (header: AddressObject | AddressObject[] | undefined): string[] =>
  [header ?? []]
    .flat()
    .flatMap(({ value }) => value.flatMap((entry) => entry.group ?? [entry]))
    .flatMap(({ address }) => (address === undefined ? [] : [address]))

function headersOf(lines: readonly { key: string; line: string }[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null)
  for (const { key, line } of lines) {
    const value = line
      .slice(line.indexOf(':') + 1)
      .replaceAll(/\r?\n(?=[ \t])/g, '')
      .trim()
    headers[key] = key in headers ? `${headers[key]}\n${value}` : value
  }
  return headers
}

/** Reads a message the way a mail program would. */
export async function parseMessage(
  raw: Buffer,
  envelope: Envelope,
  receivedAt: Date,
): Promise<InboxMessage> {
  const mail = await simpleParser(raw, { skipTextToHtml: true, skipImageLinks: true })
  return {
    messageId: mail.messageId ?? '',
    from: addresses(mail.from)[0] ?? '',
    to: addresses(mail.to),
    subject: mail.subject ?? '',
    text: mail.text ?? '',
    html: mail.html === false ? undefined : mail.html,
    attachments: mail.attachments.map(({ filename, contentType, content }) => ({
      filename,
      contentType,
      content,
    })),
    headers: headersOf(mail.headerLines),
    envelope,
    receivedAt,
    sizeBytes: raw.length,
    raw,
  }
}
