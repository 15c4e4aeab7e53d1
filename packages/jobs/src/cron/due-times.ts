import type { CronRow } from './cron-rows.ts'
import type { Schedule } from './schedule.ts'

/** The most times that are dealt with at once. */
const MOST_TIMES = 100

/** What is to be done about the times of a cron. */
export interface DueTimes {
  /** The times to make jobs for, in their order. */
  readonly times: readonly Date[]
  /** The moment up to which all is done then. */
  readonly doneUntil: Date
  /** The last of the missed times for which no job is made. */
  readonly skipped: Date | undefined
}

type Due = Pick<CronRow, 'missed' | 'lateMs' | 'doneUntil' | 'now'>

/**
 * Decides which times after `doneUntil` and up to `now` get jobs: all that are not late, and of the others what the
 * cron's policy says. Where they are too many the rest comes the next time.
 */
export function dueTimes(schedule: Schedule, row: Due, most: number = MOST_TIMES): DueTimes {
  const now = new Date(row.now)
  const doneUntil = new Date(row.doneUntil)
  // A time that is exactly `lateMs` old is not late.
  const lateUntil = new Date(Math.max(row.doneUntil, row.now - row.lateMs - 1))
  if (row.missed === 'all') return upTo(schedule, doneUntil, now, most)
  const last = schedule.latest(doneUntil, lateUntil, 1)[0]
  const inTime = upTo(schedule, lateUntil, now, most)
  const isMadeUp = row.missed === 'once' && last !== undefined && inTime.times.length === 0
  if (!isMadeUp) return { ...inTime, skipped: last }
  const before = schedule.latest(doneUntil, new Date(last.getTime() - 1), 1)[0]
  return { times: [last], doneUntil: now, skipped: before }
}

function upTo(schedule: Schedule, after: Date, now: Date, most: number): DueTimes {
  const ahead = schedule.times(after, most + 1, now)
  const times = ahead.slice(0, most)
  const doneUntil = ahead.length > most ? (times.at(-1) as Date) : now
  return { times, doneUntil, skipped: undefined }
}
