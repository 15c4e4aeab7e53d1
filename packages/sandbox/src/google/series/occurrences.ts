import { textOf } from '../../json.ts'
import {
  entry,
  type EventContent,
  type StoredCalendar,
  type StoredEvent,
  type StoredTime,
} from '../core/state.ts'
import { moment, momentOf } from '../times/event-time.ts'
import { readRecurrence, startsOf } from '../times/recurrence.ts'

const DAY = 86_400_000

/** How far from now, or from its first occurrence, a series is shown; a list may ask for more. */
const AHEAD = 730 * DAY

/** Counted once for each state of a series, up to a moment: a change makes another content. */
const counted = new WeakMap<EventContent, { before: number; starts: readonly number[] }>()

/** The lines of a series; none for a single event. */
function linesOf({ recurrence }: EventContent): readonly string[] {
  return Array.isArray(recurrence) ? recurrence.map((line) => textOf(line)) : []
}

export function isSeries(content: EventContent): boolean {
  return linesOf(content).length > 0
}

/** Up to when a series is shown to those who ask for it up to `until`. */
export function horizonOf({ start }: EventContent, now: number, until: number = now): number {
  return Math.max(until, AHEAD + Math.max(now, momentOf(start, 'UTC')))
}

/** When the occurrences of a series begin by its rule; for whole days, at midnight UTC. */
export function startsOfSeries(content: EventContent, before: number): readonly number[] {
  const known = counted.get(content)
  if (known && known.before >= before) return known.starts.filter((start) => start < before)
  const { start } = content
  const starts = startsOf(readRecurrence(linesOf(content), start), start, before)
  counted.set(content, { before, starts })
  return starts
}

/** The occurrences of a series: those that were changed, or cancelled, as they are now. */
export function occurrencesOf(
  calendar: StoredCalendar,
  series: StoredEvent,
  before: number,
): StoredEvent[] {
  return startsOfSeries(series.content, before).map((start) => {
    const computed = occurrenceAt(series, start)
    return entry(calendar.events, computed.content.id) ?? computed
  })
}

/** The occurrence that an id names, where the series has it by its rule and nobody changed it. */
export function computedOccurrence(calendar: StoredCalendar, id: string): StoredEvent | undefined {
  const [, seriesId = '', suffix = ''] = /^(.+)_(\d{8}(?:T\d{6}Z)?)$/.exec(id) ?? []
  const series = entry(calendar.events, seriesId)
  if (!series || !isSeries(series.content)) return undefined
  const time = suffix.replace(/^(....)(..)(..)(?:T(..)(..)(..)Z)?$/, (_, y, mo, d, h, m, s) => {
    return `${y}-${mo}-${d}T${h ?? '00'}:${m ?? '00'}:${s ?? '00'}Z`
  })
  const start = startsOfSeries(series.content, Date.parse(time) + 1).find(
    (each) => suffixOf(series.content.start, each) === suffix,
  )
  return start === undefined ? undefined : occurrenceAt(series, start)
}

/** The id of an occurrence: that of its series, and when it begins by the rule. */
export function occurrenceId({ id, start }: EventContent, at: number): string {
  return `${id}_${suffixOf(start, at)}`
}

/** When an occurrence begins by the rule: a day, or a moment in the series' zone. */
export function originalStart({ start }: EventContent, at: number): StoredTime {
  return 'date' in start ? dayOf(at) : moment(at, start.timeZone)
}

function occurrenceAt(series: StoredEvent, at: number): StoredEvent {
  const { order, revision, content } = series
  const { recurrence: _, ...kept } = content
  const start = originalStart(content, at)
  const length = momentOf(content.end, 'UTC') - momentOf(content.start, 'UTC')
  const { end } = content
  const occurrence = {
    ...kept,
    id: occurrenceId(content, at),
    recurringEventId: content.id,
    originalStartTime: start,
    start,
    // Of the same length, to the second: RFC 5545, 3.8.5.3.
    end: 'date' in end ? dayOf(at + length) : moment(at + length, end.timeZone),
  }
  return { order, revision, content: occurrence }
}

function suffixOf(start: StoredTime, at: number): string {
  const basic = new Date(at).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  return 'date' in start ? basic.slice(0, 8) : basic
}

function dayOf(at: number): StoredTime {
  return { date: new Date(Math.round(at / DAY) * DAY).toISOString().slice(0, 10) }
}
