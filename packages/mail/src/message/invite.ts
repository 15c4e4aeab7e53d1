import { expectOneOf, expectOptions, expectText } from '@yuzuru/concurrency/boundary'

/** What an invite asks for (RFC 5546, 1.4): to come, that it is off, or what an invited one answers. */
export type InviteMethod = 'REQUEST' | 'CANCEL' | 'REPLY'

/** A calendar object that goes with a message; `calendarInvite` of `@yuzuru/mail/invites` makes one. */
export interface MailInvite {
  readonly method: InviteMethod
  /** The whole object (RFC 5545), which says the same method: `BEGIN:VCALENDAR … METHOD:REQUEST …`. */
  readonly content: string
}

/** What mail programs look for: the last of the alternatives, with the method of the object (RFC 6047, 2.4). */
export interface InvitePart {
  readonly contentType: string
  readonly content: string
}

const METHODS: readonly InviteMethod[] = ['REQUEST', 'CANCEL', 'REPLY']

/**
 * Outlook shows buttons for a part that names its charset and the method of its object, and an attachment for
 * any other; a second copy as an attachment, as nodemailer adds one, is shown as well.
 *
 * @throws {TypeError} unless `content` is a calendar object with that method
 */
export function invitePart(invite: MailInvite): InvitePart {
  expectOptions(invite, ['method', 'content'], 'mail.send.invite')
  const { method, content } = invite
  expectOneOf('invite.method', method, METHODS)
  expectText('invite.content', content)
  if (!content.isWellFormed() || !/^BEGIN:VCALENDAR\r?\n[^]*END:VCALENDAR\s*$/.test(content)) {
    throw new TypeError('Expected invite.content to be one VCALENDAR, got another string')
  }
  const said = Array.from(content.matchAll(/^METHOD:(.*?)\r?$/gim), ([, name = '']) => name)
  if (said.length !== 1 || said[0]?.toUpperCase() !== method) {
    throw new TypeError(
      'Expected invite.content to have the METHOD of the invite, got another or none',
    )
  }
  return { contentType: `text/calendar; charset=utf-8; method=${method}`, content }
}
