import { originalMessageId, type ReceivedReport, receivedReport } from './received-report.ts'
import { EXPIRED, refusalIn } from './refusal-text.ts'
import { addressOf, fieldGroups, type ReportFields, valueOf, wordOf } from './report-fields.ts'
import { linesBefore, recipientsInText } from './text-bounce.ts'

/** What became of a message for one recipient. */
export interface BouncedRecipient {
  /** As the message was sent to it, if the report says that. Personal data. */
  readonly address: string
  /** RFC 3464, 2.3.3; a report that only says so in words is of a failure or a delay. */
  readonly action: 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded'
  /** The enhanced status code (RFC 3463): `'5.1.1'`; what the words mean, if there is none. */
  readonly status: string | undefined
  /** The reply code of the server that refused it: 550 … */
  readonly code: number | undefined
  /** Whether it failed for good (5.x.x), so that another try fails too. A full mailbox (5.2.2) may empty again. */
  readonly isPermanent: boolean
  /** What the server said, as far as the report has it. May hold personal data. */
  readonly diagnostic: string | undefined
}

/** A report of a message's way. */
export interface Bounce {
  /** One or more, at most 100. */
  readonly recipients: readonly BouncedRecipient[]
  /** The Message-ID of the message that it is about, if the report has its headers. */
  readonly messageId: string | undefined
}

/** As many as a message may have. */
const MAX_RECIPIENTS = 100

/**
 * Reads a message that came back: a delivery report (RFC 3464), or what Exim, Postfix, qmail, sendmail, Exchange,
 * Gmail, Yahoo, GMX, Zoho, docomo, au, SoftBank and others write in words.
 *
 * Anybody can write one: believe only what names a Message-ID of yours, or came to an `envelopeFrom` that
 * names the mail. Its first 5,000 lines are read, and 256 KiB.
 *
 * @param raw the whole message as it was received
 * @returns `undefined` when it is none: an ordinary mail, an absence note
 * @throws {TypeError} unless `raw` is bytes or a string
 * @example
 * const bounce = await parseBounce(raw)
 * for (const { address, isPermanent } of bounce?.recipients ?? []) {
 *   if (isPermanent) await suppress(address)
 * }
 */
export async function parseBounce(raw: Uint8Array | string): Promise<Bounce | undefined> {
  const report = await receivedReport(raw)
  const fields = report.part('message/delivery-status', 'message/global-delivery-status')
  const found = fields === undefined ? [] : fieldGroups(fields).flatMap((group) => ofFields(group))
  const recipients = found.length > 0 ? found : isFromServer(report) ? inText(report) : []
  if (recipients.length === 0) return undefined
  return {
    recipients: recipients.slice(0, MAX_RECIPIENTS),
    messageId: originalMessageId(report),
  }
}

const ACTIONS = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'] as const

function ofFields(group: ReportFields): BouncedRecipient[] {
  const address =
    addressOf(valueOf(group, 'original-recipient')) ?? addressOf(valueOf(group, 'final-recipient'))
  if (address === undefined) return []
  const said = valueOf(group, 'diagnostic-code')
  const diagnostic = said?.slice(said.indexOf(';') + 1).trim()
  const words = refusalIn(diagnostic ?? '')
  const given = /^[245]\.\d{1,3}\.\d{1,3}/.exec(wordOf(group, 'status') ?? '')?.[0]
  // 5.0.0 says no more than that it failed; the server's own words may.
  const isVague = given === undefined || given.endsWith('.0.0')
  const isSame = words.status?.charAt(0) === given?.charAt(0) || given === undefined
  const status = isVague && isSame ? (words.status ?? given) : given
  const action =
    ACTIONS.find((each) => each === wordOf(group, 'action')?.toLowerCase()) ?? actionOf(status)
  return [recipientOf({ address, action, status, code: words.code, diagnostic })]
}

/** What a server wrote: in fields all the same, whose part lost its type on the way, or in words. */
function inText(report: ReceivedReport): BouncedRecipient[] {
  const text = linesBefore(report.email.text ?? '').join('\n')
  const found = fieldGroups(text).flatMap((group) => ofFields(group))
  return found.length > 0 ? found : ofText(report)
}

function ofText(report: ReceivedReport): BouncedRecipient[] {
  const failed = report
    .header('x-failed-recipients')
    .split(',')
    .map((each) => addressOf(each))
    .filter((each) => each !== undefined)
  const text = report.email.text ?? ''
  return recipientsInText(text, failed).flatMap(({ address, reason }) => {
    const { status, code } = refusalIn(reason)
    if (status === undefined && failed.length === 0) return []
    const known = status ?? '5.0.0'
    return [
      recipientOf({ address, action: actionOf(known), status: known, code, diagnostic: reason }),
    ]
  })
}

function recipientOf(init: Omit<BouncedRecipient, 'isPermanent'>): BouncedRecipient {
  const isPermanent = init.action === 'failed' && init.status?.startsWith('4') !== true
  return { ...init, isPermanent }
}

function actionOf(status: string | undefined): 'failed' | 'delayed' {
  return status?.startsWith('4') === true && status !== EXPIRED ? 'delayed' : 'failed'
}

/** Whether a mail server wrote it, by what it calls itself: a person's answer names addresses, too. */
function isFromServer(report: ReceivedReport): boolean {
  if (report.header('x-failed-recipients') !== '') return true
  const { from } = report.email
  const address = from?.address ?? ''
  // DragonFly's has no address. KDDI's is that of all its notices.
  const local = address === '' ? from?.name : address.split('@', 1)[0]
  return (
    /^(?:mailer-daemon|postmaster|mail-daemon|mailerdaemon|microsoftexchange\w{1,64})$/i.test(
      local ?? '',
    ) || /^no-reply@(?:[\w-]{1,63}\.){1,9}(?:dion|auone-net)\.(?:ne\.)?jp$/i.test(address)
  )
}
