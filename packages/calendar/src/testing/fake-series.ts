import type { calendar_v3 } from '@googleapis/calendar'
import type { RRuleTemporal as RuleOf } from 'rrule-temporal'
import type { Temporal as TemporalOf } from 'temporal-polyfill'
import { FakeRefusal } from './fake-refusal.ts'

type Native = calendar_v3.Schema$Event & { id: string; etag: string }
type Time = calendar_v3.Schema$EventDateTime

const DAY = 86_400_000

/** How far from now, or from its first occurrence, a series is shown. */
const AHEAD = 730 * DAY

interface Counting {
  readonly Rule: typeof RuleOf
  readonly Temporal: typeof TemporalOf
}

let counting: Counting | undefined

/** Loads what counts the occurrences of a series: only tests that have one need it. */
export async function loadCounting(): Promise<void> {
  if (counting !== undefined) return
  try {
    const [{ RRuleTemporal }, { Temporal }] = await Promise.all([
      import('rrule-temporal'),
      import('temporal-polyfill'),
    ])
    counting = { Rule: RRuleTemporal, Temporal }
  } catch (cause) {
    const message =
      'The fake counts a series with rrule-temporal and temporal-polyfill: install both'
    throw new Error(message, { cause })
  }
}

export function isSeries({ recurrence }: calendar_v3.Schema$Event): boolean {
  return (recurrence ?? []).length > 0
}

/** Up to when a series is shown to those who ask for it up to `until`. */
export function horizonOf(series: Native, until: number): number {
  return Math.max(until, AHEAD + Math.max(Date.now(), momentOf(series.start)))
}

/** Milliseconds since 1970; of a whole day midnight UTC. */
export function momentOf(time: Time | undefined): number {
  return Date.parse(time?.dateTime ?? `${time?.date}T00:00:00Z`)
}

/** @throws {FakeRefusal} unless the lines are a series */
export function expectSeries(series: Native): void {
  const { start, end } = series
  for (const time of [start, end]) {
    if (typeof time?.dateTime !== 'string' || typeof time.timeZone === 'string') continue
    throw FakeRefusal.ofCalendar(400, 'required')
  }
  try {
    startsOf(series, momentOf(start) + 1)
  } catch {
    throw FakeRefusal.ofCalendar(400, 'invalid')
  }
}

/** The occurrences of a series by its rule, as nobody has changed them. */
export function occurrencesOf(series: Native, before: number): Native[] {
  return startsOf(series, before).map((at) => occurrenceAt(series, at))
}

function startsOf(series: Native, before: number): number[] {
  if (counting === undefined) throw new Error('Expected the counting to be loaded')
  const { Rule, Temporal } = counting
  const { start } = series
  const first =
    typeof start?.date === 'string'
      ? Temporal.PlainDate.from(start.date).toZonedDateTime('UTC')
      : Temporal.Instant.fromEpochMilliseconds(momentOf(start)).toZonedDateTimeISO(
          start?.timeZone ?? 'UTC',
        )
  const all = new Set([first.epochMilliseconds])
  const left = new Set<number>()
  for (const line of series.recurrence ?? []) {
    const [, name = '', value = ''] = /^(RRULE|RDATE|EXDATE)[^:]*:(.+)$/.exec(line) ?? []
    if (name === 'RRULE') {
      const rule = new Rule({ rruleString: value, dtstart: first, temporal: Temporal })
      rule.all((occurrence) => {
        const isWanted = occurrence.epochMilliseconds < before
        if (isWanted) all.add(occurrence.epochMilliseconds)
        return isWanted
      })
    } else if (name === '') throw FakeRefusal.ofCalendar(400, 'invalid')
    else {
      const zone = /TZID=([^;:]+)/.exec(line)?.[1] ?? first.timeZoneId
      for (const text of value.split(',')) {
        const dates = name === 'RDATE' ? all : left
        const wall = Temporal.PlainDateTime.from(text.replace(/Z$/, ''))
        const inZone = wall.toZonedDateTime(text.endsWith('Z') ? 'UTC' : zone)
        dates.add(inZone.epochMilliseconds)
      }
    }
  }
  return [...all].filter((at) => at < before && !left.has(at)).sort((a, b) => a - b)
}

function occurrenceAt(series: Native, at: number): Native {
  const { recurrence: _, ...kept } = series
  const length = momentOf(series.end) - momentOf(series.start)
  const start = timeAt(series.start, at)
  return {
    ...kept,
    id: `${series.id}_${suffixOf(series, at)}`,
    recurringEventId: series.id,
    originalStartTime: start,
    start,
    end: timeAt(series.end, at + length),
  }
}

function suffixOf({ start }: Native, at: number): string {
  const basic = new Date(at).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  return typeof start?.date === 'string' ? basic.slice(0, 8) : basic
}

function timeAt(like: Time | undefined, at: number): Time {
  const text = new Date(at).toISOString()
  if (typeof like?.date === 'string') return { date: text.slice(0, 10) }
  const { timeZone } = like ?? {}
  const dateTime = text.replace('.000Z', 'Z')
  return timeZone === undefined ? { dateTime } : { dateTime, timeZone }
}
