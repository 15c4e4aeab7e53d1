import { expected, expectObject, expectOptions } from '@yuzuru/concurrency/boundary'
import type { SendMailOptions } from 'nodemailer'
import { type CheckedAttachment, checkedAttachments } from './attachment.ts'
import type { NamedFolder } from '../named-folder.ts'
import { checkedEnvelopeFrom, checkedReports, type NativeDsn } from './delivery-options.ts'
import { Html } from '../templates/html.ts'
import { textOfHtml } from '../templates/text-of-html.ts'
import { type InvitePart, invitePart } from './invite.ts'
import { hasControl, type Mailbox, parseMailbox } from './mail-address.ts'
import { MAIL_MESSAGE, type MailMessage, type MailRecipients } from './mail-message.ts'
import { headersOf } from './message-headers.ts'
import { messageIdOf } from './message-id.ts'
import type { GivenRecipient } from './given-recipient.ts'
import type { NativeAttachment } from './read-attachments.ts'
import type { StableDates } from './stable-dates.ts'

/** RFC 5321, 4.5.3.1.8: every server takes at least 100 recipients a message; one may refuse more. */
const MAX_RECIPIENTS = 100

/** What messages have in common: the client's own settings. */
export interface MessageDefaults {
  readonly from: Mailbox
  readonly domain: string
  readonly dates: StableDates
  /** Who gets every message instead of its recipients. @default nobody */
  readonly redirectTo?: Mailbox | undefined
  /** Where attachments by path are read. @default nowhere */
  readonly folder?: NamedFolder | undefined
}

/** A message that was checked, in little memory: it may have to wait. */
export interface CheckedMessage {
  readonly to: readonly Mailbox[]
  readonly cc: readonly Mailbox[]
  readonly bcc: readonly Mailbox[]
  readonly from: Mailbox
  readonly replyTo: readonly Mailbox[]
  readonly subject: string
  readonly text: string | undefined
  readonly html: string | undefined
  readonly attachments: readonly CheckedAttachment[] | undefined
  readonly invite: InvitePart | undefined
  readonly headers: Record<string, string> | undefined
  readonly messageId: string
  /** The Date header, in milliseconds: a number takes a sixth of a `Date`, and nobody changes it meanwhile. */
  readonly dateMs: number
  readonly envelope: CheckedEnvelope | undefined
  /** The recipients as they were passed in, each with the address that gets the message instead. */
  readonly redirected: readonly GivenRecipient[] | undefined
}

/** What of the envelope does not follow from the headers. */
interface CheckedEnvelope {
  readonly from: string | undefined
  readonly dsn: NativeDsn | undefined
}

/** A message in nodemailer's terms. Its id is known before anything is sent. */
export type NativeMessage = SendMailOptions & { readonly messageId: string }

/**
 * Checks a message. What it holds is that of the moment of the call, but for the bytes of attachments.
 *
 * @throws {TypeError} unless it is valid, before anything is sent
 */
export function checkedMessage(message: MailMessage, defaults: MessageDefaults): CheckedMessage {
  expectObject('message', message)
  expectOptions(message, MAIL_MESSAGE, 'mail.send')
  const { from, replyTo, attachments, text, html } = message
  const to = mailboxes('to', message.to)
  const cc = mailboxes('cc', message.cc)
  const bcc = mailboxes('bcc', message.bcc)
  const count = to.length + cc.length + bcc.length
  if (count === 0) throw new TypeError('Expected at least one recipient, got none')
  if (count > MAX_RECIPIENTS) {
    throw new TypeError(`Expected at most ${MAX_RECIPIENTS} recipients, got ${count}`)
  }
  const answers = mailboxes('replyTo', replyTo)
  expectBody(text, html)
  const { redirectTo } = defaults
  // One literal: what is spread into another takes more memory, and very many may wait.
  const goesTo = addressees({ to, cc, bcc }, redirectTo)
  return {
    to: goesTo.to,
    cc: goesTo.cc,
    bcc: goesTo.bcc,
    redirected: goesTo.redirected,
    from: from === undefined ? defaults.from : parseMailbox('from', from),
    // Checked all the same. An answer to a stage must not reach a person.
    replyTo: redirectTo === undefined ? answers : NONE,
    subject: checkedSubject(message.subject),
    text,
    html: html?.toString(),
    attachments: attachments && checkedAttachments(attachments, defaults.folder),
    invite: message.invite === undefined ? undefined : invitePart(message.invite),
    headers: redirectedHeaders(headersOf(message), [...to, ...cc, ...bcc], redirectTo),
    messageId: messageIdOf(message, defaults.domain),
    dateMs: checkedDate(message.date) ?? defaults.dates.of(message.idempotencyKey),
    envelope: envelopeOf(message),
  }
}

/**
 * Puts a message in nodemailer's terms.
 *
 * @param attachments what was read of those of the message
 */
export function nativeMessage(
  checked: CheckedMessage,
  attachments: readonly NativeAttachment[] = [],
): NativeMessage {
  const {
    to,
    cc,
    bcc,
    from,
    replyTo,
    text,
    html,
    attachments: _read,
    headers,
    invite,
    envelope,
    redirected: _given,
    dateMs,
    ...rest
  } = checked
  return {
    ...rest,
    date: new Date(dateMs),
    to: to.map(nativeMailbox),
    cc: cc.map(nativeMailbox),
    bcc: bcc.map(nativeMailbox),
    from: nativeMailbox(from),
    replyTo: replyTo.map(nativeMailbox),
    ...textsOf({ text, html }),
    attachments: [...attachments],
    // Last: of the alternatives a reader takes the last one that it knows.
    ...(invite === undefined ? {} : { alternatives: [invite] }),
    headers: headers ?? {},
    ...(envelope === undefined ? {} : { envelope: nativeEnvelope(checked, envelope) }),
    // The author of a message must not read files or reach hosts through it.
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/** What a reader gets; not made before it is sent, as what waits holds its HTML only. */
export function textsOf({ text, html }: Pick<CheckedMessage, 'text' | 'html'>): {
  readonly text: string
  readonly html?: string
} {
  return html === undefined ? { text: text ?? '' } : { text: text ?? textOfHtml(html), html }
}

function nativeMailbox({ name, address }: Mailbox): { name: string; address: string } {
  return { name, address }
}

/** All to whom a message goes. */
export function recipientsOf(message: CheckedMessage): readonly GivenRecipient[] {
  const { to, cc, bcc, redirected } = message
  if (redirected !== undefined) return redirected
  return cc.length + bcc.length === 0 ? to : [...to, ...cc, ...bcc]
}

/** One for all, as most messages have none of something. */
const NONE: readonly Mailbox[] = []

function mailboxes(field: string, value: MailRecipients | undefined): readonly Mailbox[] {
  if (value === undefined) return NONE
  const list = Array.isArray(value) ? value : [value]
  return list.map((item) => parseMailbox(field, item))
}

/** Who a message goes to, and who it was meant for. */
function addressees(
  given: Pick<CheckedMessage, 'to' | 'cc' | 'bcc'>,
  redirectTo: Mailbox | undefined,
): Pick<CheckedMessage, 'to' | 'cc' | 'bcc' | 'redirected'> {
  if (redirectTo === undefined) return { ...given, redirected: undefined }
  const { address } = redirectTo
  const redirected = Object.values(given).flatMap((list: readonly Mailbox[]) =>
    list.map((each) => ({ address, given: each.given })),
  )
  return { to: [redirectTo], cc: NONE, bcc: NONE, redirected }
}

/** In the headers of addresses nobody may be left, whom an answer to all would reach. */
function redirectedHeaders(
  headers: Record<string, string> | undefined,
  recipients: readonly Mailbox[],
  redirectTo: Mailbox | undefined,
): Record<string, string> | undefined {
  if (redirectTo === undefined) return headers
  return { ...headers, 'X-Original-To': recipients.map(({ given }) => given).join(', ') }
}

function envelopeOf({ envelopeFrom, reports }: MailMessage): CheckedEnvelope | undefined {
  if (envelopeFrom === undefined && reports === undefined) return undefined
  return {
    from: checkedEnvelopeFrom(envelopeFrom),
    dsn: reports === undefined ? undefined : checkedReports(reports),
  }
}

function nativeEnvelope(
  { from, to, cc, bcc }: CheckedMessage,
  { from: own = from.address, dsn }: CheckedEnvelope,
): NonNullable<SendMailOptions['envelope']> {
  const mailboxes = [...to, ...cc, ...bcc].map(({ address }) => ({ name: '', address }))
  return {
    from: own === '' ? '' : { name: '', address: own },
    to: mailboxes,
    ...(dsn === undefined ? {} : { dsn }),
  }
}

function checkedDate(date: unknown): number | undefined {
  if (date === undefined) return undefined
  const year = date instanceof Date ? date.getUTCFullYear() : Number.NaN
  // RFC 5322, 3.3: four digits, from 1900 on.
  if (date instanceof Date && year >= 1_900 && year <= 9_999) return date.getTime()
  throw new TypeError('Expected date to be a valid Date from 1900 to 9999, got something else')
}

function checkedSubject(subject: unknown): string {
  if (typeof subject !== 'string') {
    throw expected('subject to be a string', subject)
  }
  if (hasControl(subject) || !subject.isWellFormed()) {
    throw new TypeError('Expected subject to hold no line breaks or control characters, got some')
  }
  return subject
}

function expectBody(text: unknown, html: unknown): void {
  if (text === undefined && html === undefined) {
    throw new TypeError('Expected text, html or both, got neither')
  }
  if (text !== undefined && typeof text !== 'string') {
    throw expected('text to be a string', text)
  }
  if (html !== undefined && typeof html !== 'string' && !(html instanceof Html)) {
    throw expected('html to be a string or Html', html)
  }
}
