import {
  expected,
  expectInteger,
  expectLine,
  expectOneOf,
  expectRequiredOptions,
} from '@yuzuru/concurrency/boundary'
import type { InviteMethod, MailInvite } from '../message/invite.ts'
import { type MailAddress, type Mailbox, parseMailbox } from '../message/mail-address.ts'
import { contentLine, quotedParameter, textValue, utcTime } from './content-lines.ts'
import { type EventDays, type EventHours, eventTime, expectDate } from './event-time.ts'
import { type InviteRepetition, repetition } from './repetition.ts'

/** What an invited person has answered. */
export type InviteAnswer = 'accepted' | 'declined' | 'tentative'

/** For {@link calendarInvite}: an event of hours (`start`, `end`) or of whole days (`day`, `lastDay`). */
export type InviteEvent = InviteDetails & (EventHours | EventDays)

/** What there is to know of an event besides its time. */
export interface InviteDetails {
  /**
   * `'REQUEST'` invites, and changes what was sent before; `'CANCEL'` calls it off; `'REPLY'` answers the
   * organizer for one attendee. @default 'REQUEST'
   */
  readonly method?: InviteMethod | undefined
  /** Names the event for ever, in all calendars: up to 255 printable characters, such as `'plan-7@example.jp'`. */
  readonly uid: string
  /** Which version of the event it is: 0 or more, one more with each change, and with its CANCEL. @default 0 */
  readonly sequence?: number | undefined
  /** Makes it a series. @default once is all */
  readonly repeats?: InviteRepetition | undefined
  /**
   * Which time of a series this is about, and no other: when it would have begun, as a Date, or as a day for
   * an event of days. Give the new time as that of the event, and no `repeats`. @default all of it
   */
  readonly occurrence?: Date | string | undefined
  readonly summary: string
  readonly description?: string | undefined
  readonly location?: string | undefined
  readonly organizer: MailAddress
  /** One or more; with `'REPLY'` the one that answers. */
  readonly attendees: readonly MailAddress[]
  /** With `'REPLY'`, and only then. */
  readonly answer?: InviteAnswer | undefined
  /**
   * When the invite was made. For a mail with an `idempotencyKey` give the time at which it was asked for: then
   * a repeat is the same byte by byte. @default now
   */
  readonly stamp?: Date | undefined
}

const NAMES: readonly string[] = Object.keys({
  method: true,
  uid: true,
  sequence: true,
  start: true,
  end: true,
  timeZone: true,
  day: true,
  lastDay: true,
  repeats: true,
  occurrence: true,
  summary: true,
  description: true,
  location: true,
  organizer: true,
  attendees: true,
  answer: true,
  stamp: true,
} satisfies Record<keyof InviteDetails | keyof EventHours | keyof EventDays, true>)

/**
 * Makes the calendar object of an invite (iCalendar, RFC 5545 and 5546), for `invite` of a message: one event, its
 * organizer and those who are invited. Mail programs show it with buttons to accept and decline. The zone of the
 * event goes along, as this machine's Intl knows it.
 *
 * It sends nothing: send it to each attendee, from the organizer's address (programs compare the two).
 *
 * @throws {TypeError} unless all of it is valid
 * @example
 * await mail.send({
 *   to: 'hanako@example.jp',
 *   subject: '支援会議のご案内',
 *   text: '4月1日 10:00',
 *   invite: calendarInvite({
 *     uid: 'plan-7@example.jp',
 *     start: new Date('2026-04-01T10:00:00+09:00'),
 *     end: new Date('2026-04-01T11:00:00+09:00'),
 *     timeZone: 'Asia/Tokyo',
 *     summary: '支援会議',
 *     organizer: 'けいかくん <no-reply@example.jp>',
 *     attendees: ['花子 <hanako@example.jp>'],
 *   }),
 * })
 */
export function calendarInvite(event: InviteEvent): MailInvite {
  expectRequiredOptions(event, NAMES, 'calendarInvite')
  const { method = 'REQUEST', uid, sequence = 0, organizer, repeats, occurrence } = event
  expectOneOf('method', method, ['REQUEST', 'CANCEL', 'REPLY'])
  expectLine('uid', uid, 255)
  expectInteger('sequence', sequence, 0, 2_147_483_647)
  if (repeats !== undefined && occurrence !== undefined) {
    throw new TypeError('Expected repeats of a series or occurrence of one time of it, got both')
  }
  const stamp = expectDate('stamp', event.stamp ?? new Date())
  const time = eventTime(event, repeats !== undefined)
  const series = repeats === undefined ? undefined : repetition(repeats, time)
  const from = parseMailbox('organizer', organizer)
  const attendees = attendeesOf(event, method)
  const content = [
    contentLine('BEGIN', 'VCALENDAR'),
    contentLine('PRODID', '-//yuzuru//mail//EN'),
    contentLine('VERSION', '2.0'),
    contentLine('METHOD', method),
    time.zone?.component(time.startsAt, series?.over ?? event.end ?? time.startsAt) ?? '',
    contentLine('BEGIN', 'VEVENT'),
    contentLine('UID', textValue(uid)),
    contentLine('SEQUENCE', String(sequence)),
    contentLine('DTSTAMP', utcTime(stamp)),
    ...(occurrence === undefined ? [] : [time.line('RECURRENCE-ID', 'occurrence', occurrence)]),
    ...time.lines,
    ...(series?.lines ?? []),
    ...texts(event),
    contentLine(`ORGANIZER${commonName(from)}`, mailto(from)),
    ...attendees,
    method === 'REPLY'
      ? ''
      : contentLine('STATUS', method === 'CANCEL' ? 'CANCELLED' : 'CONFIRMED'),
    contentLine('END', 'VEVENT'),
    contentLine('END', 'VCALENDAR'),
  ].join('')
  return { method, content }
}

function texts({ summary, description, location }: InviteEvent): string[] {
  return Object.entries({ summary, description, location }).flatMap(([name, text]) => {
    if (text === undefined && name !== 'summary') return []
    // eslint-disable-next-line no-control-regex
    if (
      typeof text !== 'string' ||
      !text.isWellFormed() ||
      /[^\t\n\r -~\u0080-\u{10ffff}]/u.test(text)
    ) {
      throw new TypeError(`Expected ${name} to be a string without control characters`)
    }
    return [contentLine(name.toUpperCase(), textValue(text))]
  })
}

function attendeesOf({ attendees, answer }: InviteEvent, method: InviteMethod): string[] {
  if (!Array.isArray(attendees)) throw expected('attendees to be a list', attendees)
  if (attendees.length === 0) throw new TypeError('Expected at least one attendee, got none')
  if (method === 'REPLY') {
    if (attendees.length > 1)
      throw new TypeError('Expected a REPLY of one attendee, got several attendees')
    expectOneOf('answer', answer, ['accepted', 'declined', 'tentative'])
  } else if (answer !== undefined) {
    throw new TypeError(`Expected answer with the method "REPLY" only, got it with "${method}"`)
  }
  const state =
    method === 'REPLY'
      ? `;PARTSTAT=${answer?.toUpperCase()}`
      : ';ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE'
  return attendees.map((attendee: MailAddress) => {
    const mailbox = parseMailbox('attendees', attendee)
    return contentLine(`ATTENDEE${commonName(mailbox)}${state}`, mailto(mailbox))
  })
}

function commonName({ name }: Mailbox): string {
  return name === '' ? '' : `;CN=${quotedParameter(name)}`
}

/** RFC 6068, 2: what is not of a plain address is percent-encoded. */
function mailto({ address }: Mailbox): string {
  const encoded = address.replaceAll(
    /[^\w.@!$'*+=~-]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `mailto:${encoded}`
}
