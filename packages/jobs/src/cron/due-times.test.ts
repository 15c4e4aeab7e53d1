import { assert, constantFrom, integer, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MissedTimes } from './define-cron.ts'
import { dueTimes } from './due-times.ts'
import { Schedule } from './schedule.ts'

const MINUTE = 60_000
const START = Date.UTC(2026, 2, 1)
const HOURLY = new Schedule('0 * * * *', 'UTC')

const at = (...hours: number[]): Date[] => hours.map((hour) => new Date(START + hour * 60 * MINUTE))

/** What is done at `now` minutes after the start, of what came since the start. */
const due = (missed: MissedTimes, now: number, lateMs = 10 * MINUTE) =>
  dueTimes(HOURLY, { missed, lateMs, doneUntil: START, now: START + now * MINUTE })

describe('of missed times', () => {
  test('skip makes up for none', () => {
    expect(due('skip', 3 * 60 + 20)).toMatchObject({ times: [], skipped: at(3)[0] })
    expect(due('skip', 3 * 60 + 5)).toMatchObject({ times: at(3), skipped: at(2)[0] })
  })

  test('once makes up for the last, unless one that is not missed has come since', () => {
    expect(due('once', 3 * 60 + 20)).toMatchObject({ times: at(3), skipped: at(2)[0] })
    expect(due('once', 3 * 60 + 5)).toMatchObject({ times: at(3), skipped: at(2)[0] })
    expect(due('once', 60 + 20)).toMatchObject({ times: at(1), skipped: undefined })
  })

  test('all makes up for each', () => {
    expect(due('all', 3 * 60 + 20)).toMatchObject({ times: at(1, 2, 3), skipped: undefined })
  })

  test('a time that is just as late as it may be is not one', () => {
    expect(due('skip', 60 + 10).times).toEqual(at(1))
    expect(due('skip', 60, 0).times).toEqual(at(1))
    expect(
      dueTimes(HOURLY, { missed: 'skip', lateMs: 0, doneUntil: START, now: START + 3_600_001 }),
    ).toMatchObject({ times: [], skipped: at(1)[0] })
  })

  test('a model says the same, over as many rounds as it takes', () => {
    assert(
      property(
        constantFrom<MissedTimes>('skip', 'once', 'all'),
        integer({ min: 1, max: 30 }),
        integer({ min: 0, max: 600_000 }),
        integer({ min: 0, max: 7_200_000 }),
        integer({ min: 0, max: 10_800_000 }),
        integer({ min: 1, max: 5 }),
        (missed, step, lateMs, offset, length, most) => {
          const from = START + offset
          const now = from + length
          const all: number[] = []
          for (let time = START; time <= now; time += MINUTE) {
            if (time > from && new Date(time).getUTCMinutes() % step === 0) all.push(time)
          }
          const inTime = all.filter((time) => time >= now - lateMs)
          const wanted = {
            skip: inTime,
            once: inTime.length > 0 ? inTime : all.slice(-1),
            all,
          }[missed]

          const schedule = new Schedule(`*/${step} * * * *`, 'UTC')
          const found: number[] = []
          const dropped = new Set<number>()
          for (let doneUntil = from, rounds = 0; doneUntil < now || rounds === 0; rounds += 1) {
            const round = dueTimes(schedule, { missed, lateMs, doneUntil, now }, most)
            found.push(...round.times.map((time) => time.getTime()))
            if (round.skipped !== undefined) dropped.add(round.skipped.getTime())
            expect(round.doneUntil.getTime()).toBeGreaterThanOrEqual(doneUntil)
            expect(round.times.length).toBeLessThanOrEqual(most)
            doneUntil = round.doneUntil.getTime()
          }
          expect(found).toEqual(wanted)
          expect([...dropped]).toEqual(all.filter((time) => !wanted.includes(time)).slice(-1))
        },
      ),
      { numRuns: 200 },
    )
  })
})
