import {
  expected,
  expectInteger,
  expectLine,
  expectOneOf,
  expectRequiredOptions,
} from '@yuzuru/concurrency/boundary'
import type { InviteMethod, MailInvite } from '../message/invite.ts'
import { type MailAddress, type Mailbox, parseMailbox } from '../message/mail-address.ts'
import { contentLine, localTime, quotedParameter, textValue, utcTime } from './content-lines.ts'
import { TimeZone } from './time-zone.ts'

/** What an invited person has answered. */
export type InviteAnswer = 'accepted' | 'declined' | 'tentative'

/** For {@link calendarInvite}. */
export interface InviteEvent {
  /**
   * `'REQUEST'` invites, and changes what was sent before; `'CANCEL'` calls it off; `'REPLY'` answers the
   * organizer for one attendee. @default 'REQUEST'
   */
  readonly method?: InviteMethod | undefined
  /** Names the event for ever, in all calendars: up to 255 printable characters, such as `'plan-7@example.jp'`. */
  readonly uid: string
  /** Which version of the event it is: 0 or more, one more with each change, and with its CANCEL. @default 0 */
  readonly sequence?: number | undefined
  readonly start: Date
  /** After `start`, by a year at most. */
  readonly end: Date
  /** Of IANA: `'Asia/Tokyo'`; calendars show the event in it. @default UTC */
  readonly timeZone?: string | undefined
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
  summary: true,
  description: true,
  location: true,
  organizer: true,
  attendees: true,
  answer: true,
  stamp: true,
} satisfies Record<keyof InviteEvent, true>)

const LONGEST_MS = 366 * 86_400_000

/**
 * Makes the calendar object of an invite (iCalendar, RFC 5545 and 5546), for `invite` of a message: one event, its
 * organizer and those who are invited. Mail programs show it with buttons to accept and decline. The zone of the
 * event goes along, as this machine's Intl knows it.
 *
 * It sends nothing: send it to each attendee, from the organizer's address (programs compare the two). For
 * events that repeat, and for whole days, pass an object of your own making.
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
  const { method = 'REQUEST', uid, sequence = 0, start, end, timeZone, organizer } = event
  expectOneOf('method', method, ['REQUEST', 'CANCEL', 'REPLY'])
  expectLine('uid', uid, 255)
  expectInteger('sequence', sequence, 0, 2_147_483_647)
  const stamp = expectDate('stamp', event.stamp ?? new Date())
  const lengthMs = expectDate('end', end).getTime() - expectDate('start', start).getTime()
  if (lengthMs <= 0 || lengthMs > LONGEST_MS) {
    throw new TypeError('Expected end to be after start, by a year at most, got another time')
  }
  const zone = timeZone === undefined ? undefined : zoneOf(timeZone)
  const from = parseMailbox('organizer', organizer)
  const attendees = attendeesOf(event, method)
  const time = (name: string, date: Date): string =>
    zone === undefined || zone.isAmbiguous(date)
      ? contentLine(name, utcTime(date))
      : contentLine(`${name};TZID=${zone.name}`, localTime(date, zone.offsetMs(date)))
  const content = [
    contentLine('BEGIN', 'VCALENDAR'),
    contentLine('PRODID', '-//yuzuru//mail//EN'),
    contentLine('VERSION', '2.0'),
    contentLine('METHOD', method),
    zone?.component(start, end) ?? '',
    contentLine('BEGIN', 'VEVENT'),
    contentLine('UID', textValue(uid)),
    contentLine('SEQUENCE', String(sequence)),
    contentLine('DTSTAMP', utcTime(stamp)),
    time('DTSTART', start),
    time('DTEND', end),
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

function expectDate(name: string, date: unknown): Date {
  if (date instanceof Date && date.getTime() >= 0 && date.getUTCFullYear() < 10_000) return date
  throw new TypeError(`Expected ${name} to be a Date from 1970 on, got something else`)
}

function zoneOf(name: unknown): TimeZone {
  // An offset (`+09:00`) is a zone of Intl's, and none of IANA's.
  if (typeof name === 'string' && /^[A-Za-z][\w+/-]*$/.test(name)) {
    try {
      return new TimeZone(name)
    } catch {
      // Said below.
    }
  }
  throw new TypeError('Expected timeZone to be one of IANA such as "Asia/Tokyo", got another value')
}
