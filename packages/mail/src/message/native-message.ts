import { expected, expectObject, expectOptions } from '@yuzuru/concurrency/boundary'
import type { SendMailOptions } from 'nodemailer'
import { nativeAttachment } from './attachment.ts'
import { checkedHeaders } from './custom-headers.ts'
import { Html } from '../templates/html.ts'
import { hasControl, type Mailbox, parseMailbox } from './mail-address.ts'
import { MAIL_MESSAGE, type MailMessage, type MailRecipients } from './mail-message.ts'
import { messageIdOf } from './message-id.ts'
import type { StableDates } from './stable-dates.ts'

/** RFC 5321, 4.5.3.1.8: every server takes at least 100 recipients a message; one may refuse more. */
const MAX_RECIPIENTS = 100

/** What messages have in common: the client's own settings. */
export interface MessageDefaults {
  readonly from: Mailbox
  readonly domain: string
  readonly dates: StableDates
}

/** A checked message in nodemailer's terms. Its id is known before anything is sent. */
export type NativeMessage = SendMailOptions & { readonly messageId: string }

/** A message that was checked. */
export interface CheckedMessage {
  readonly native: NativeMessage
  /** Each recipient as the SMTP dialogue names it, with the forms in which it was passed in. */
  readonly given: ReadonlyMap<string, readonly string[]>
}

/**
 * Checks a message and puts it in nodemailer's terms.
 *
 * @throws {TypeError} unless it is valid, before anything is sent
 */
export function checkedMessage(message: MailMessage, defaults: MessageDefaults): CheckedMessage {
  expectObject('message', message)
  expectOptions(message, MAIL_MESSAGE, 'mail.send')
  const { from, replyTo, attachments, headers } = message
  const to = mailboxes('to', message.to)
  const cc = mailboxes('cc', message.cc)
  const bcc = mailboxes('bcc', message.bcc)
  const count = to.length + cc.length + bcc.length
  if (count === 0) throw new TypeError('Expected at least one recipient, got none')
  if (count > MAX_RECIPIENTS) {
    throw new TypeError(`Expected at most ${MAX_RECIPIENTS} recipients, got ${count}`)
  }
  const native = {
    to: to.map(nativeMailbox),
    cc: cc.map(nativeMailbox),
    bcc: bcc.map(nativeMailbox),
    from: nativeMailbox(from === undefined ? defaults.from : parseMailbox('from', from)),
    replyTo: mailboxes('replyTo', replyTo).map(nativeMailbox),
    subject: checkedSubject(message.subject),
    ...checkedBody(message),
    attachments: (attachments ?? []).map(nativeAttachment),
    headers: checkedHeaders(headers ?? {}),
    messageId: messageIdOf(message, defaults.domain),
    date: checkedDate(message.date) ?? defaults.dates.of(message.idempotencyKey),
    // The author of a message must not read files or reach hosts through it.
    disableFileAccess: true,
    disableUrlAccess: true,
  }
  return { native, given: givenForms([...to, ...cc, ...bcc]) }
}

function nativeMailbox({ name, address }: Mailbox): { name: string; address: string } {
  return { name, address }
}

function givenForms(mailboxes: readonly Mailbox[]): ReadonlyMap<string, readonly string[]> {
  const forms = new Map<string, string[]>()
  for (const { address, given } of mailboxes) {
    const known = forms.get(address)
    if (known === undefined) forms.set(address, [given])
    else if (!known.includes(given)) known.push(given)
  }
  return forms
}

function mailboxes(field: string, value: MailRecipients | undefined): Mailbox[] {
  if (value === undefined) return []
  const list = Array.isArray(value) ? value : [value]
  return list.map((item) => parseMailbox(field, item))
}

function checkedDate(date: unknown): Date | undefined {
  if (date === undefined) return undefined
  if (date instanceof Date && !Number.isNaN(date.getTime())) return date
  throw new TypeError('Expected date to be a valid Date, got something else')
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

function checkedBody({ text, html }: MailMessage): { text?: string; html?: string } {
  if (text === undefined && html === undefined) {
    throw new TypeError('Expected text, html or both, got neither')
  }
  if (text !== undefined && typeof text !== 'string') {
    throw expected('text to be a string', text)
  }
  if (html !== undefined && typeof html !== 'string' && !(html instanceof Html)) {
    throw expected('html to be a string or Html', html)
  }
  return {
    ...(text === undefined ? {} : { text }),
    ...(html === undefined ? {} : { html: html.toString() }),
  }
}
