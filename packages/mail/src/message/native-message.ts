import { expected, expectObject, expectOptions } from '@yuzuru/concurrency/boundary'
import type { SendMailOptions } from 'nodemailer'
import { checkedHeaders } from './custom-headers.ts'
import { Html } from '../templates/html.ts'
import { hasControl, type Mailbox, parseMailbox } from './mail-address.ts'
import {
  MAIL_ATTACHMENT,
  MAIL_MESSAGE,
  type MailAttachment,
  type MailMessage,
  type MailRecipients,
} from './mail-message.ts'
import { messageIdOf } from './message-id.ts'

/** RFC 5321, 4.5.3.1.8: every server takes at least 100 recipients a message; one may refuse more. */
const MAX_RECIPIENTS = 100

/** What messages have in common: the client's own settings. */
export interface MessageDefaults {
  readonly from: Mailbox
  readonly domain: string
}

/** A checked message in nodemailer's terms. Its id is known before anything is sent. */
export type NativeMessage = SendMailOptions & { readonly messageId: string }

/**
 * Checks a message and puts it in nodemailer's terms.
 *
 * @throws {TypeError} unless it is valid, before anything is sent
 */
export function nativeMessage(message: MailMessage, defaults: MessageDefaults): NativeMessage {
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
  return {
    to,
    cc,
    bcc,
    from: from === undefined ? { ...defaults.from } : { ...parseMailbox('from', from) },
    replyTo: mailboxes('replyTo', replyTo),
    subject: checkedSubject(message.subject),
    ...checkedBody(message),
    attachments: (attachments ?? []).map((attachment) => nativeAttachment(attachment)),
    headers: checkedHeaders(headers ?? {}),
    messageId: messageIdOf(message, defaults.domain),
    // The author of a message must not read files or reach hosts through it.
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

function mailboxes(field: string, value: MailRecipients | undefined): Mailbox[] {
  if (value === undefined) return []
  const list = Array.isArray(value) ? value : [value]
  return list.map((item) => parseMailbox(field, item))
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

type NativeAttachment = NonNullable<SendMailOptions['attachments']>[number]

function nativeAttachment(attachment: MailAttachment): NativeAttachment {
  expectOptions(attachment, MAIL_ATTACHMENT, 'mail.send.attachments')
  const { filename, content, contentType, contentId } = attachment
  for (const [name, value] of Object.entries({ filename, contentType, contentId })) {
    if (value === undefined && name !== 'filename') continue
    if (typeof value !== 'string' || value === '' || hasControl(value)) {
      throw new TypeError(`Expected ${name} of an attachment to be a string without line breaks`)
    }
  }
  if (typeof content !== 'string' && !(content instanceof Uint8Array)) {
    throw expected('content of an attachment to be a string or bytes', content)
  }
  return {
    filename,
    content: Buffer.from(content as Uint8Array),
    ...(contentType === undefined ? {} : { contentType }),
    ...(contentId === undefined ? {} : { cid: contentId }),
  }
}
