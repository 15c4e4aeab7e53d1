import * as fc from 'fast-check'
import ICAL from 'ical.js'
import { describe, expect, test } from 'vitest'
import { calendarInvite, type InviteEvent } from './calendar-invite.ts'
import type { InviteRepetition } from './repetition.ts'

const details = {
  uid: 'plan-7@example.jp',
  summary: '支援会議',
  organizer: 'けいかくん <no-reply@example.jp>',
  attendees: ['花子 <hanako@example.jp>'],
}
const hours: InviteEvent = {
  ...details,
  start: new Date('2026-04-01T10:00:00+09:00'),
  end: new Date('2026-04-01T11:00:00+09:00'),
  timeZone: 'Asia/Tokyo',
}
const days: InviteEvent = { ...details, day: '2026-04-01' }

/** When it begins, each time, as an independent parser has it: up to `most` times. */
function starts(event: InviteEvent, most = 50): ICAL.Time[] {
  const calendar = new ICAL.Component(ICAL.parse(calendarInvite(event).content))
  const zone = calendar.getFirstSubcomponent('vtimezone')
  const raw = calendar.getFirstSubcomponent('vevent')
  if (raw === null) throw new Error('Expected an event, got none')
  if (zone !== null) ICAL.TimezoneService.register(new ICAL.Timezone(zone))
  const iterator = new ICAL.Event(raw).iterator()
  const found: ICAL.Time[] = []
  for (let next = iterator.next(); next && found.length < most; next = iterator.next()) {
    found.push(next)
  }
  return found
}

const shown = (times: readonly ICAL.Time[]): string[] => times.map((time) => time.toString())

const ZONES = ['Asia/Tokyo', 'America/New_York', 'Europe/Dublin', 'Australia/Lord_Howe']

describe('an invite that repeats', () => {
  test('is at the same hour of its clock each time, as often as it was said', () => {
    const rule = fc.record({
      every: fc.constantFrom('day', 'week', 'month', 'year'),
      interval: fc.integer({ min: 1, max: 3 }),
      count: fc.integer({ min: 2, max: 3 }),
    })
    const start = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) })
    fc.assert(
      fc.property(rule, start, fc.constantFrom(...ZONES), (made, time, timeZone) => {
        const repeats = made as InviteRepetition
        // Neither at night, when clocks change, nor late in a month, which others do not have.
        const clock = new Intl.DateTimeFormat('en-US', {
          timeZone,
          hour: 'numeric',
          minute: 'numeric',
          second: 'numeric',
          day: 'numeric',
          hour12: false,
        })
        const from = new Date(Math.floor(time / 1_000) * 1_000)
        const [day, hour] = ['day', 'hour'].map((name) =>
          Number(clock.formatToParts(from).find(({ type }) => type === name)?.value),
        )
        fc.pre((hour ?? 0) > 4 && (hour ?? 0) < 24 && (day ?? 29) < 29)
        const end = new Date(from.getTime() + 3_600_000)
        const found = starts({ ...details, start: from, end, timeZone, repeats })
        expect(found).toHaveLength(repeats.count ?? 0)
        const own = found.map((each) => new Date(each.toUnixTime() * 1_000))
        expect(own[0]).toEqual(from)
        const hourOf = (date: Date): string => clock.format(date).replace(/^\d+, /, '')
        for (const date of own) expect(hourOf(date)).toBe(hourOf(from))
        const least = { day: 1, week: 7, month: 28, year: 365 }[repeats.every]
        for (const [index, date] of own.slice(1).entries()) {
          const passed = (date.getTime() - (own[index]?.getTime() ?? 0)) / 86_400_000
          expect(Math.round(passed)).toBeGreaterThanOrEqual(least * (repeats.interval ?? 1))
        }
      }),
      { numRuns: 100 },
    )
  })

  test.each<[string, InviteEvent, readonly string[]]>([
    [
      'on several days of the week',
      { ...hours, repeats: { every: 'week', on: ['wednesday', 'friday', 'monday'], count: 4 } },
      ['2026-04-01T10:00:00', '2026-04-03T10:00:00', '2026-04-06T10:00:00', '2026-04-08T10:00:00'],
    ],
    [
      'up to a moment, that one included',
      { ...hours, repeats: { every: 'day', until: new Date('2026-04-03T01:00:00Z') } },
      ['2026-04-01T10:00:00', '2026-04-02T10:00:00', '2026-04-03T10:00:00'],
    ],
    [
      'but for a time',
      {
        ...hours,
        repeats: { every: 'week', count: 3, except: [new Date('2026-04-08T01:00:00Z')] },
      },
      ['2026-04-01T10:00:00', '2026-04-15T10:00:00'],
    ],
    [
      'of whole days',
      { ...days, repeats: { every: 'month', until: '2026-06-01', except: ['2026-05-01'] } },
      ['2026-04-01', '2026-06-01'],
    ],
    ['never: one day', days, ['2026-04-01']],
  ])('is read so by an independent parser: %s', (_what, event, expected) => {
    expect(shown(starts(event))).toEqual(expected)
  })

  test('of whole days ends with the day after its last one, and has no zone', () => {
    const { content } = calendarInvite({ ...details, day: '2026-12-30', lastDay: '2027-01-02' })
    expect(content).toContain('DTSTART;VALUE=DATE:20261230\r\nDTEND;VALUE=DATE:20270103\r\n')
    expect(content).not.toContain('TZID')
  })

  test.each(['REQUEST', 'CANCEL', 'REPLY'] as const)(
    'can be about one time of it: %s',
    (method) => {
      const answer = method === 'REPLY' ? { answer: 'declined' as const } : {}
      const occurrence = new Date('2026-04-08T10:00:00+09:00')
      const one = calendarInvite({ ...hours, method, ...answer, occurrence })
      const raw = new ICAL.Component(ICAL.parse(one.content)).getFirstSubcomponent('vevent')
      expect(raw?.getFirstProperty('recurrence-id')?.getFirstParameter('tzid')).toBe('Asia/Tokyo')
      expect(String(raw?.getFirstPropertyValue('recurrence-id'))).toBe('2026-04-08T10:00:00')
      const whole = calendarInvite({ ...days, method, ...answer, occurrence: '2026-04-08' })
      expect(whole.content).toContain('RECURRENCE-ID;VALUE=DATE:20260408\r\n')
    },
  )

  test('refuses what is not valid', () => {
    const wrong: readonly object[] = [
      { ...hours, day: '2026-04-01' },
      { ...days, timeZone: 'Asia/Tokyo' },
      { ...days, day: '2026-02-30' },
      { ...days, day: '2026-4-1' },
      { ...days, day: new Date() },
      { ...days, lastDay: '2026-03-31' },
      { ...days, lastDay: '2028-01-01' },
      { ...hours, lastDay: '2026-04-02' },
      { ...hours, occurrence: '2026-04-08' },
      { ...days, occurrence: new Date() },
      { ...hours, occurrence: new Date(), repeats: { every: 'day', count: 2 } },
      ...[
        { every: 'day' },
        { every: 'day', count: 2, until: new Date('2026-05-01') },
        { every: 'hour', count: 2 },
        { every: 'day', count: 1 },
        { every: 'day', count: 2, interval: 0 },
        { every: 'day', count: 2, byday: 'MO' },
        { every: 'day', until: '2026-05-01' },
        { every: 'day', until: new Date('2026-03-01') },
        { every: 'day', until: new Date('2040-01-01') },
        { every: 'year', count: 12 },
        { every: 'day', count: 2, on: ['wednesday'] },
        { every: 'week', count: 2, on: [] },
        { every: 'week', count: 2, on: ['monday'] },
        { every: 'week', count: 2, on: ['wednesday', 'someday'] },
        { every: 'week', count: 2, except: '2026-04-08' },
        { every: 'week', count: 2, except: ['2026-04-08'] },
      ].map((repeats) => Object.assign({}, hours, { repeats })),
      // 01:30 is shown twice on that day.
      {
        ...details,
        start: new Date('2026-11-01T05:30:00Z'),
        end: new Date('2026-11-01T06:30:00Z'),
        timeZone: 'America/New_York',
        repeats: { every: 'day', count: 2 },
      },
    ]
    for (const event of wrong) {
      expect(() => calendarInvite(event as InviteEvent), JSON.stringify(event)).toThrow(TypeError)
    }
  })
})
