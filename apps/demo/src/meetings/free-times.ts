import type { BusyTime } from '@yuzuru/calendar'
import { MEETING_MS } from './meeting-times.ts'

/** When an office is open, in hours on Japan's clock. */
const OPENS = 9
const CLOSES = 18

const DAY_MS = 24 * 60 * 60 * 1_000

/** A day on Japan's clock, `2026-04-01`. */
export type Day = string

/** A time within the office's hours. */
export interface OfficeTime {
  readonly start: Date
  readonly end: Date
}

/** An hour at which a meeting may begin. */
export interface Slot {
  /** As `datetime-local` has it. */
  readonly value: string
  readonly start: Date
  readonly free: boolean
}

/** The day of a moment. */
export function dayOf(moment: Date): Day {
  return new Date(moment.getTime() + 9 * 60 * 60 * 1_000).toISOString().slice(0, 10)
}

/** Whether a text is a day that a calendar has. */
export function isDay(text: string): boolean {
  const moment = /^20\d{2}-\d{2}-\d{2}$/.test(text) ? atHour(text, 0) : new Date(Number.NaN)
  return !Number.isNaN(moment.getTime()) && dayOf(moment) === text
}

/** The next `count` days from tomorrow on that are neither Saturday nor Sunday. */
export function nextWorkdays(now: Date, count: number): Day[] {
  const days: Day[] = []
  for (let at = now.getTime() + DAY_MS; days.length < count; at += DAY_MS) {
    const day = dayOf(new Date(at))
    const weekday = new Date(`${day}T00:00Z`).getUTCDay()
    if (weekday !== 0 && weekday !== 6) days.push(day)
  }
  return days
}

/** The office's hours of a day. */
export function officeHours(day: Day): OfficeTime {
  return { start: atHour(day, OPENS), end: atHour(day, CLOSES) }
}

/** What is left of the office's hours, in order. */
export function freeTimes(day: Day, busy: readonly BusyTime[]): OfficeTime[] {
  const { start, end } = officeHours(day)
  const free: OfficeTime[] = []
  let from = start
  for (const taken of busy.toSorted((a, b) => a.start.getTime() - b.start.getTime())) {
    const until = taken.start < end ? taken.start : end
    if (until > from) free.push({ start: from, end: until })
    if (taken.end > from) from = taken.end
  }
  if (end > from) free.push({ start: from, end })
  return free
}

/** The hours of a day, and whether a meeting that begins then meets nothing else. */
export function slots(day: Day, busy: readonly BusyTime[]): Slot[] {
  return Array.from({ length: CLOSES - OPENS }, (_, index) => {
    const hour = OPENS + index
    const start = atHour(day, hour)
    const value = `${day}T${String(hour).padStart(2, '0')}:00`
    return { value, start, free: !isTaken(start, busy) }
  })
}

/** Whether a meeting that begins then meets something else. */
export function isTaken(start: Date, busy: readonly BusyTime[]): boolean {
  const end = start.getTime() + MEETING_MS
  return busy.some((taken) => taken.start.getTime() < end && taken.end > start)
}

function atHour(day: Day, hour: number): Date {
  return new Date(`${day}T${String(hour).padStart(2, '0')}:00:00+09:00`)
}
