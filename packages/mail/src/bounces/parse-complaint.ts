import { originalMessageId, receivedReport } from './received-report.ts'
import { addressOf, fieldGroups, valueOf } from './report-fields.ts'

/** What a reader's provider reports: that the reader called a message spam. */
export interface Complaint {
  /** RFC 5965, 7.3: usually `'abuse'`; in lower case. */
  readonly type: string
  /** The recipients of the message, if the report says: many providers take them out. Personal data. */
  readonly recipients: readonly string[]
  /** The sender of the envelope, if the report says. */
  readonly envelopeFrom: string | undefined
  /** The Message-ID of the message that it is about, if the report has its headers. */
  readonly messageId: string | undefined
  /** When the provider received that message; `undefined` unless the report says so in a date. */
  readonly arrivedAt: Date | undefined
  /** The program that wrote the report. */
  readonly userAgent: string | undefined
}

/**
 * Reads a complaint of a feedback loop (ARF, RFC 5965). Who complained must get no more mail.
 *
 * Anybody can write one: believe only what names a Message-ID of yours. Most providers take the address out, so
 * send with an `idempotencyKey` or a `messageId` that you can find again. Its first 5,000 lines are read, and 256 KiB.
 *
 * @param raw the whole message as it was received
 * @returns `undefined` when it is none
 * @throws {TypeError} unless `raw` is bytes or a string
 * @example
 * const complaint = await parseComplaint(raw)
 * if (complaint?.type === 'abuse') await suppressReaderOf(complaint.messageId)
 */
export async function parseComplaint(raw: Uint8Array | string): Promise<Complaint | undefined> {
  const report = await receivedReport(raw)
  const [fields] = fieldGroups(report.part('message/feedback-report') ?? '')
  const type = fields === undefined ? undefined : valueOf(fields, 'feedback-type')?.toLowerCase()
  if (fields === undefined || type === undefined) return undefined
  const arrived = valueOf(fields, 'arrival-date') ?? valueOf(fields, 'received-date')
  const arrivedAt = new Date(arrived ?? '')
  return {
    type,
    recipients: (fields.get('original-rcpt-to') ?? [])
      .map((value) => addressOf(value))
      .filter((address) => address !== undefined),
    envelopeFrom: addressOf(valueOf(fields, 'original-mail-from')),
    messageId: originalMessageId(report),
    arrivedAt: Number.isNaN(arrivedAt.getTime()) ? undefined : arrivedAt,
    userAgent: valueOf(fields, 'user-agent'),
  }
}
