import { describe, expect, test, vi } from 'vitest'
import { Schedule } from './schedule.ts'

const ISO = (at: Date): string => at.toISOString().slice(0, 16)

/** Where the clocks jump: the schedule, its zone, from when on, and its times in UTC. */
const TIMES: Readonly<Record<string, readonly [string, string, string, readonly string[]]>> = {
  'a fixed time in the gap comes at its end': [
    '30 2 * * *',
    'Europe/Berlin',
    '2025-03-29T12:00Z',
    ['2025-03-30T01:00', '2025-03-31T00:30'],
  ],
  'a fixed time that comes twice comes the first time': [
    '30 1 * * *',
    'America/New_York',
    '2025-11-01T12:00Z',
    ['2025-11-02T05:30', '2025-11-03T06:30'],
  ],
  'each half hour is each half hour when the clock goes back': [
    '*/30 * * * *',
    'Europe/Berlin',
    '2025-10-26T00:00Z',
    ['2025-10-26T00:30', '2025-10-26T01:00', '2025-10-26T01:30', '2025-10-26T02:00'],
  ],
  'nor is any quarter lost where it goes back by half an hour': [
    '*/15 * * * *',
    'Australia/Lord_Howe',
    '2025-04-05T14:30Z',
    ['2025-04-05T14:45', '2025-04-05T15:00', '2025-04-05T15:15', '2025-04-05T15:30'],
  ],
  'a gap that ends at midnight loses nothing': [
    '30 23 * * *',
    'Asia/Pyongyang',
    '2018-05-04T14:59Z',
    ['2018-05-04T15:00', '2018-05-05T14:30'],
  ],
  'what a day that was left out would have had comes at its end': [
    '0 9 30 12 *',
    'Pacific/Apia',
    '2011-06-01T00:00Z',
    ['2011-12-30T10:00', '2012-12-29T19:00'],
  ],
  'two fixed times in one gap come once': [
    '0,30 2 * * *',
    'Europe/Berlin',
    '2025-03-29T12:00Z',
    ['2025-03-30T01:00', '2025-03-31T00:00'],
  ],
  'a zone without summer time is the same all year': [
    '0 9 * * 1-5',
    'Asia/Tokyo',
    '2025-03-28T01:00Z',
    ['2025-03-31T00:00', '2025-04-01T00:00'],
  ],
}

describe('a schedule', () => {
  for (const [name, [expression, zone, from, wanted]] of Object.entries(TIMES)) {
    test(name, () => {
      const times = new Schedule(expression, zone).times(new Date(from), wanted.length)
      expect(times.map(ISO)).toEqual(wanted)
    })
  }

  test('gives the last times before a moment, in their order', () => {
    const daily = new Schedule('0 9 * * *', 'Asia/Tokyo')
    const [after, until] = [new Date('2025-01-01T00:00Z'), new Date('2025-03-01T00:00Z')]
    expect(daily.latest(after, until, 2).map(ISO)).toEqual(['2025-02-28T00:00', '2025-03-01T00:00'])
    expect(daily.latest(after, new Date('2025-01-02T12:00Z'), 9).map(ISO)).toEqual([
      '2025-01-02T00:00',
    ])
  })

  test('finds the last time of a dense schedule without going through the others', () => {
    const january = new Schedule('* * * 1 *', 'Europe/Berlin')
    const next = vi.spyOn(january, 'next')
    const [after, until] = [new Date('2001-01-01T00:00Z'), new Date('2025-12-01T00:00Z')]
    expect(january.latest(after, until, 2).map(ISO)).toEqual([
      '2025-01-31T22:58',
      '2025-01-31T22:59',
    ])
    expect(next.mock.calls.length).toBeLessThan(120)
  })

  const wrong = [
    ['0 0 30 2 *', 'UTC'],
    ['? * * * *', 'UTC'],
    ['every day', 'UTC'],
    ['2030-01-01T00:00:00', 'UTC'],
    ['* * * * * * 2030', 'UTC'],
    ['* * * * *', 'Mars/Olympus'],
  ] as const
  for (const [expression, zone] of wrong) {
    test(`refuses "${expression}" in ${zone}`, () => {
      expect(() => new Schedule(expression, zone)).toThrow(/^Expected (schedule|timeZone) to /)
    })
  }
})
