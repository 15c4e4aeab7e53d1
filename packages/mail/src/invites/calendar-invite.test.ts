import * as fc from 'fast-check'
import ICAL from 'ical.js'
import { describe, expect, test } from 'vitest'
import { calendarInvite, type InviteEvent } from './calendar-invite.ts'

const event: InviteEvent = {
  uid: 'plan-7@example.jp',
  start: new Date('2026-04-01T10:00:00+09:00'),
  end: new Date('2026-04-01T11:00:00+09:00'),
  summary: '支援会議',
  organizer: 'けいかくん <no-reply@example.jp>',
  attendees: ['花子 <hanako@example.jp>'],
}

/** As an independent parser reads it. */
function parsed(content: string): { event: ICAL.Event; method: unknown; raw: ICAL.Component } {
  const calendar = new ICAL.Component(ICAL.parse(content))
  const raw = calendar.getFirstSubcomponent('vevent')
  if (raw === null) throw new Error('Expected an event, got none')
  const zone = calendar.getFirstSubcomponent('vtimezone')
  for (const name of ['dtstart', 'dtend']) {
    const time = raw.getFirstPropertyValue(name) as ICAL.Time
    // Its own zones are known to it by the component alone.
    if (zone !== null && time.zone !== ICAL.Timezone.utcTimezone)
      time.zone = new ICAL.Timezone(zone)
  }
  return { event: new ICAL.Event(raw), method: calendar.getFirstPropertyValue('method'), raw }
}

const ZONES = [
  'Asia/Tokyo',
  'America/New_York',
  'Europe/Dublin',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'America/St_Johns',
  'Pacific/Apia',
  'UTC',
]

/** Where the clock changes, by an hour and by half of one, there and back. */
const CHANGES: readonly (readonly [timeZone: string, at: string])[] = [
  ['America/New_York', '2026-03-08T07:00:00Z'],
  ['America/New_York', '2026-11-01T06:00:00Z'],
  ['Europe/Dublin', '2026-03-29T01:00:00Z'],
  ['Europe/Dublin', '2026-10-25T01:00:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30:00Z'],
  // A day that there was not.
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
]

describe('calendarInvite', () => {
  test('reads back equal in an independent parser, whatever the texts', () => {
    const text = fc
      .string({ unit: 'grapheme', maxLength: 200 })
      .filter((each) => !/\p{Cc}/u.test(each))
    const lines = fc.array(text, { maxLength: 4 }).map((all) => all.join('\n'))
    fc.assert(
      fc.property(text, lines, fc.nat(9), (summary, description, sequence) => {
        const location = summary
        const { content } = calendarInvite({ ...event, summary, description, location, sequence })
        const read = parsed(content).event
        expect([read.uid, read.sequence]).toEqual([event.uid, sequence])
        expect([read.summary, read.description, read.location]).toEqual([
          summary,
          description,
          location,
        ])
      }),
    )
  })

  test('has lines of at most 75 octets that end with CRLF, folded between characters', () => {
    const names = fc
      .string({ unit: 'grapheme', maxLength: 300 })
      .filter((each) => !/\p{Cc}/u.test(each))
    fc.assert(
      fc.property(names, (summary) => {
        const { content } = calendarInvite({ ...event, summary, timeZone: 'Asia/Tokyo' })
        const lines = content.split('\r\n')
        expect(lines.at(-1)).toBe('')
        for (const line of lines) {
          expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75)
          expect(line.isWellFormed()).toBe(true)
          expect(line).not.toMatch(/[\r\n]/)
        }
      }),
    )
  })

  test('says the moment in its zone, also around a change of the clock', () => {
    const anywhere = fc.record({
      timeZone: fc.constantFrom(...ZONES),
      time: fc.integer({ min: Date.UTC(2005, 0, 1), max: Date.UTC(2035, 0, 1) }),
    })
    const around = fc
      .record({ change: fc.constantFrom(...CHANGES), minutes: fc.integer({ min: -300, max: 300 }) })
      .map(({ change: [timeZone, at], minutes }) => {
        return { timeZone, time: Date.parse(at) + minutes * 60_000 }
      })
    fc.assert(
      fc.property(fc.oneof(around, anywhere), ({ timeZone, time }) => {
        const start = new Date(Math.floor(time / 1_000) * 1_000)
        const end = new Date(start.getTime() + 3_600_000)
        const read = parsed(calendarInvite({ ...event, timeZone, start, end }).content).event
        const said = [read.startDate, read.endDate].map((each) => each.toUnixTime() * 1_000)
        expect(said).toEqual([start.getTime(), end.getTime()])
      }),
      { numRuns: 200 },
    )
  })

  test('says a time that the clock shows twice in UTC', () => {
    // The clock goes back at 01:00 UTC on 25 October 2026.
    for (const [utc, said] of [
      ['2026-10-24T23:30:00Z', 'DTSTART;TZID=Europe/Berlin:20261025T013000'],
      ['2026-10-25T00:30:00Z', 'DTSTART:20261025T003000Z'],
      ['2026-10-25T01:30:00Z', 'DTSTART:20261025T013000Z'],
      ['2026-10-25T02:30:00Z', 'DTSTART;TZID=Europe/Berlin:20261025T033000'],
    ] as const) {
      const start = new Date(utc)
      const end = new Date(start.getTime() + 86_400_000)
      const { content } = calendarInvite({ ...event, start, end, timeZone: 'Europe/Berlin' })
      expect(content).toContain(`${said}\r\n`)
    }
  })

  test('asks each attendee, and names them as they are', () => {
    const attendees = ['"佐藤, 花子" <hanako@example.jp>', 'a..b@docomo.ne.jp', 'o"k <k@例え.jp>']
    const { raw, method } = parsed(calendarInvite({ ...event, attendees }).content)
    expect(method).toBe('REQUEST')
    expect(raw.getFirstPropertyValue('status')).toBe('CONFIRMED')
    const read = raw.getAllProperties('attendee').map((each) => ({
      name: each.getFirstParameter('cn'),
      to: each.getFirstValue(),
      rsvp: each.getFirstParameter('rsvp'),
      state: each.getFirstParameter('partstat'),
    }))
    const asked = { rsvp: 'TRUE', state: 'NEEDS-ACTION' }
    expect(read).toEqual([
      { name: '佐藤, 花子', to: 'mailto:hanako@example.jp', ...asked },
      { name: undefined, to: 'mailto:%22a..b%22@docomo.ne.jp', ...asked },
      { name: "o'k", to: 'mailto:k@xn--r8jz45g.jp', ...asked },
    ])
    expect(raw.getFirstProperty('organizer')?.getFirstParameter('cn')).toBe('けいかくん')
  })

  test('calls an event off, and answers for one attendee', () => {
    const off = parsed(calendarInvite({ ...event, method: 'CANCEL', sequence: 1 }).content)
    expect([off.method, off.raw.getFirstPropertyValue('status')]).toEqual(['CANCEL', 'CANCELLED'])
    const reply = calendarInvite({ ...event, method: 'REPLY', answer: 'accepted' })
    const { method, raw } = parsed(reply.content)
    expect(reply.method).toBe(method)
    expect(raw.getFirstProperty('attendee')?.getFirstParameter('partstat')).toBe('ACCEPTED')
    expect(raw.getFirstProperty('attendee')?.getFirstParameter('rsvp')).toBeUndefined()
  })

  test('refuses what is not valid', () => {
    const wrong: readonly object[] = [
      { uid: '' },
      { uid: 'a\r\nATTENDEE:x' },
      { sequence: -1 },
      { end: event.start },
      { end: new Date(Number.NaN) },
      { end: new Date('2028-01-01T00:00:00Z') },
      { start: '2026-04-01' },
      { timeZone: 'Mars/Olympus' },
      { timeZone: '+09:00' },
      { timeZone: 'Asia/Tokyo\r\nX:y' },
      { summary: 'a\u0000b' },
      { summary: undefined },
      { attendees: [] },
      { attendees: ['x@evil.test/.corp.example'] },
      { organizer: 'nobody' },
      { answer: 'accepted' },
      { method: 'REPLY' },
      { method: 'REPLY', answer: 'maybe' },
      { method: 'REPLY', answer: 'accepted', attendees: ['a@x.jp', 'b@x.jp'] },
      { method: 'PUBLISH' },
    ]
    for (const change of wrong) {
      expect(() => calendarInvite({ ...event, ...change }), JSON.stringify(change)).toThrow(
        TypeError,
      )
    }
  })
})
