import { RRuleTemporal } from 'rrule-temporal'
import { Temporal } from 'temporal-polyfill'

import { invalid } from '../api/failure.ts'
import { isZone } from '../api/parameters.ts'
import type { StoredTime } from '../core/state.ts'

/** The parts of a rule, and what each may be: RFC 5545, 3.3.10. */
const PARTS: Readonly<Record<string, RegExp>> = {
  FREQ: /^(?:DAILY|WEEKLY|MONTHLY|YEARLY)$/,
  UNTIL: /^\d{8}(?:T\d{6}Z?)?$/,
  COUNT: /^[1-9]\d{0,5}$/,
  INTERVAL: /^[1-9]\d{0,4}$/,
  BYDAY: listOf('(?:[+-]?(?:[1-9]|[1-4]\\d|5[0-3]))?(?:SU|MO|TU|WE|TH|FR|SA)'),
  BYMONTHDAY: listOf('[+-]?(?:[1-9]|[12]\\d|3[01])'),
  BYYEARDAY: listOf('[+-]?(?:[1-9]\\d?|[12]\\d\\d|3[0-5]\\d|36[0-6])'),
  BYWEEKNO: listOf('[+-]?(?:[1-9]|[1-4]\\d|5[0-3])'),
  BYMONTH: listOf('(?:[1-9]|1[0-2])'),
  BYSETPOS: listOf('[+-]?(?:[1-9]\\d?|[12]\\d\\d|3[0-5]\\d|36[0-6])'),
  BYHOUR: listOf('(?:1?\\d|2[0-3])'),
  BYMINUTE: listOf('[1-5]?\\d'),
  BYSECOND: listOf('[1-5]?\\d'),
  WKST: /^(?:SU|MO|TU|WE|TH|FR|SA)$/,
}

/** How far from its first occurrence, in years, a series may have one. */
const YEARS = 50

/** The lines of `recurrence`, read. */
export interface Recurrence {
  readonly rules: readonly string[]
  /** What is added, and what is left out: moments, in milliseconds since 1970. */
  readonly added: readonly number[]
  readonly left: readonly number[]
}

/**
 * Reads `recurrence`: RRULE, RDATE and EXDATE lines of RFC 5545.
 *
 * @throws CalendarFailure 400 for anything else; 501 for EXRULE, which RFC 5545 no longer has
 */
export function readRecurrence(lines: readonly string[], start: StoredTime): Recurrence {
  const [rules, added, left]: [string[], number[], number[]] = [[], [], []]
  for (const line of lines) {
    const [, property = '', parameters = '', value = ''] =
      /^(RRULE|RDATE|EXDATE)((?:;[A-Z-]+=[^;:]+)*):(.+)$/.exec(line) ?? []
    if (property === 'RRULE' && parameters === '') rules.push(expectRule(value, start))
    else if (property === 'RDATE') added.push(...datesOf(parameters, value, start))
    else if (property === 'EXDATE') left.push(...datesOf(parameters, value, start))
    else throw invalid('Invalid recurrence rule.')
  }
  if (rules.length > 1) throw invalid('Invalid recurrence rule.')
  if (rules.length + added.length === 0) throw invalid('Invalid recurrence rule.')
  return { rules, added, left }
}

/**
 * The moments at which a series begins, in order, up to `before`. The first start counts
 * even where the rule does not give it: RFC 5545, 3.8.5.3.
 */
export function startsOf(
  { rules, added, left }: Recurrence,
  start: StoredTime,
  before: number,
): number[] {
  const first = zoned(start)
  const end = Math.min(before, first.add({ years: YEARS }).epochMilliseconds)
  const all = new Set([first.epochMilliseconds, ...added.filter((moment) => moment < end)])
  for (const rule of rules) {
    const source = ruleOf(rule, first)
    try {
      source.all((occurrence) => {
        const isWanted = occurrence.epochMilliseconds < end
        if (isWanted) all.add(occurrence.epochMilliseconds)
        return isWanted
      })
    } catch {
      // A rule that never matches (30 February) ends the search by its own limit: it adds nothing.
    }
  }
  for (const moment of left) all.delete(moment)
  return [...all].filter((moment) => moment < end).sort((a, b) => a - b)
}

function expectRule(value: string, start: StoredTime): string {
  const parts = value.split(';').map((part) => part.split('=', 2) as [string, string | undefined])
  const names = parts.map(([name]) => name)
  const holds =
    names.includes('FREQ') &&
    new Set(names).size === names.length &&
    !(names.includes('COUNT') && names.includes('UNTIL')) &&
    parts.every(([name, each = '']) => Object.hasOwn(PARTS, name) && PARTS[name]?.test(each))
  if (!holds) throw invalid('Invalid recurrence rule.')
  const rule = parts
    .map(([name, each = '']) => {
      // For whole days only the day of UNTIL counts.
      return name === 'UNTIL' && 'date' in start ? `UNTIL=${each.slice(0, 8)}` : `${name}=${each}`
    })
    .join(';')
  try {
    ruleOf(rule, zoned(start))
  } catch {
    throw invalid('Invalid recurrence rule.')
  }
  return rule
}

function ruleOf(rule: string, dtstart: Temporal.ZonedDateTime): RRuleTemporal {
  return new RRuleTemporal({ rruleString: rule, dtstart, temporal: Temporal })
}

/** Whole days are counted in UTC, where each has 24 hours. */
function zoned(start: StoredTime): Temporal.ZonedDateTime {
  if ('date' in start) return Temporal.PlainDate.from(start.date).toZonedDateTime('UTC')
  return Temporal.Instant.from(start.dateTime).toZonedDateTimeISO(start.timeZone)
}

function datesOf(parameters: string, value: string, start: StoredTime): number[] {
  const given = new Map(
    parameters
      .split(';')
      .slice(1)
      .map((each) => each.split('=', 2) as [string, string]),
  )
  const isDay = 'date' in start
  const zone = given.get('TZID') ?? (isDay ? 'UTC' : start.timeZone)
  const type = given.get('VALUE') ?? 'DATE-TIME'
  const known = [...given.keys()].every((name) => name === 'TZID' || name === 'VALUE')
  if (!known || !isZone(zone) || !/^DATE(?:-TIME)?$/.test(type))
    throw invalid('Invalid recurrence rule.')
  return value.split(',').map((each) => {
    const [, year, month, day, hour = '00', minute = '00', second = '00', utc] =
      /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z)?)?$/.exec(each) ?? []
    const hasTime = each.includes('T')
    if (year === undefined || hasTime === isDay) throw invalid('Invalid recurrence rule.')
    try {
      const text = `${year}-${month}-${day}T${hour}:${minute}:${second}`
      const wall = Temporal.PlainDateTime.from(text, { overflow: 'reject' })
      return wall.toZonedDateTime(utc === undefined ? zone : 'UTC').epochMilliseconds
    } catch {
      throw invalid('Invalid recurrence rule.')
    }
  })
}

function listOf(part: string): RegExp {
  return new RegExp(`^${part}(?:,${part})*$`)
}
