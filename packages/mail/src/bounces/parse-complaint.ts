import { originalMessageId, type ReceivedReport, receivedReport } from './received-report.ts'
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
 * Reads a complaint of a feedback loop (ARF, RFC 5965; and Microsoft's own kind). Who complained must get no more mail.
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
  if (fields === undefined) return ofMicrosoft(report)
  if (type === undefined) return undefined
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

/** What Microsoft's programme (JMRP) sends for Outlook.com: the message, by somebody whose words are always the same. */
function ofMicrosoft(report: ReceivedReport): Complaint | undefined {
  const { from, subject = '' } = report.email
  const isOfIt = from?.address?.toLowerCase() === 'staff@hotmail.com'
  if (!isOfIt || !/^\s{0,9}complaint about message from /i.test(subject)) return undefined
  const head = report.part('message/rfc822')?.split(/\n\n/, 1)[0]
  if (head === undefined) return undefined
  const recipient = addressOf(/^x-hmxmroriginalrecipient:([^\n]{1,320})$/im.exec(head)?.[1])
  return {
    type: 'abuse',
    recipients: recipient === undefined ? [] : [recipient],
    envelopeFrom: undefined,
    messageId: originalMessageId(report),
    arrivedAt: undefined,
    userAgent: undefined,
  }
}
