import type { Html } from '../templates/html.ts'
import type { MailAddress } from './mail-address.ts'
import type { MailAttachment } from './mail-attachment.ts'
import type { DeliveryReports } from './delivery-options.ts'
import type { MailInvite } from './invite.ts'
import type { Unsubscribe } from './unsubscribe.ts'

/** One mailbox or several. */
export type MailRecipients = MailAddress | readonly MailAddress[]

/** What {@link Mail.send} sends. At most 100 recipients, which every server takes (RFC 5321, 4.5.3.1.8). */
export interface MailMessage {
  readonly to: MailRecipients
  readonly cc?: MailRecipients | undefined
  /** Blind copies: no other recipient sees them. */
  readonly bcc?: MailRecipients | undefined
  /** @default the client's `from` */
  readonly from?: MailAddress | undefined
  readonly replyTo?: MailRecipients | undefined
  /** Any length and script: it is encoded and folded. No line breaks. */
  readonly subject: string
  /**
   * For readers without HTML. At least one of `text` and `html`.
   *
   * @default the text of `html`, with the addresses of its links
   */
  readonly text?: string | undefined
  readonly html?: string | Html | undefined
  readonly attachments?: readonly MailAttachment[] | undefined
  /**
   * An invite to an event, its cancellation, or the answer to one, which mail programs show with buttons;
   * `calendarInvite` of `@yuzuru/mail/invites` makes it. @default none
   */
  readonly invite?: MailInvite | undefined
  /** Further headers, such as `{ 'List-Unsubscribe': '<https://…>' }`; none that has a field here. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The Message-ID of the mail that this one answers: `'<id@domain>'`. @default none */
  readonly inReplyTo?: string | undefined
  /** Those of the conversation so far, the oldest first; up to 100. @default that of `inReplyTo` */
  readonly references?: string | readonly string[] | undefined
  /** How mail programs mark it. @default 'normal', without a header */
  readonly priority?: 'high' | 'normal' | 'low' | undefined
  /**
   * Says that no person wrote it (RFC 3834), so that no absence note answers it. Give `'auto-replied'` for the
   * answer to a mail, with `envelopeFrom: ''`. @default none
   */
  readonly autoSubmitted?: 'auto-generated' | 'auto-replied' | undefined
  /**
   * The sender of the envelope, to whom bounces go (Return-Path); `''` is nobody, so that a bounce of this mail
   * makes none. An address that names the mail lets you tell whose bounce it is. @default `from`
   */
  readonly envelopeFrom?: MailAddress | undefined
  /** What the servers on the way report to the envelope sender. @default what they do: failures */
  readonly reports?: DeliveryReports | undefined
  /** Lets readers unsubscribe by one click in their mail program. @default none */
  readonly unsubscribe?: Unsubscribe | undefined
  /**
   * Names this mail. The same key gives the same Message-ID, always, so that a repeat after a crash can
   * be recognised. SMTP itself does not remove repeats.
   */
  readonly idempotencyKey?: string | undefined
  /** `'<id@domain>'`, instead of a key. @default a random one */
  readonly messageId?: string | undefined
  /**
   * The Date header, from 1900 to 9999. With a key, give the time at which the mail was asked for (that of the job, say):
   * then a repeat is the same byte by byte, in another process too.
   * @default now; that of the first time, for a key that this client has sent lately
   */
  readonly date?: Date | undefined
}

/** The names of {@link MailMessage}. */
export const MAIL_MESSAGE: readonly string[] = Object.keys({
  to: true,
  cc: true,
  bcc: true,
  from: true,
  replyTo: true,
  subject: true,
  text: true,
  html: true,
  attachments: true,
  invite: true,
  headers: true,
  unsubscribe: true,
  inReplyTo: true,
  references: true,
  priority: true,
  autoSubmitted: true,
  envelopeFrom: true,
  reports: true,
  idempotencyKey: true,
  messageId: true,
  date: true,
} satisfies Record<keyof MailMessage, true>)
