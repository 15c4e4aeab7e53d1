import { describeValue, expected, messageOf } from '@yuzuru/concurrency/boundary'
import { Cron as Croner } from 'croner'
import { Zone } from './zone.ts'

/** From where on a schedule must have a time to come, so that one that never has is refused at once. */
const EARLY = Date.UTC(2000)

/**
 * The times of a cron expression in a time zone.
 *
 * croner reads the expression and walks the calendar, in UTC; where the clock of the zone jumps, the rules are
 * ours. A schedule at fixed times (no `*` and no step in seconds, minutes and hours) has each of its times on
 * each of its days once: one that the zone leaves out comes at the end of the gap, one that it has twice comes
 * the first time. Any other schedule goes by elapsed time: it comes whenever the clock shows one of its times.
 */
export class Schedule {
  readonly #calendar: Croner
  readonly #zone: Zone
  readonly #isFixed: boolean

  /** @throws {TypeError} unless `expression` can be read and has a time to come, in a zone that is known here */
  constructor(expression: string, timeZone: string) {
    this.#zone = new Zone(timeZone)
    this.#calendar = parsed(expression)
    this.#isFixed = isFixed(expression)
    if (this.#calendar.nextRun(new Date(EARLY)) === null) {
      throw new TypeError(`Expected schedule to have times that come, got "${expression}"`)
    }
  }

  /** The first time after a moment; `undefined` when none comes any more. */
  next(after: Date): Date | undefined {
    const at = this.#isFixed ? this.#nextFixed(after.getTime()) : this.#nextWild(after.getTime())
    return at === undefined ? undefined : new Date(at)
  }

  /** The first `most` times after a moment, as far as they come up to `until`. */
  times(after: Date, most: number, until?: Date): Date[] {
    const found: Date[] = []
    for (let at: Date | undefined = after; found.length < most; found.push(at)) {
      at = this.next(at)
      if (at === undefined || (until !== undefined && at > until)) break
    }
    return found
  }

  /**
   * The last `most` times after `after` and not after `until`, in their order. Each is found by halving the time in
   * which it lies, so that it does not matter how many there are, and how far back.
   */
  latest(after: Date, until: Date, most: number): Date[] {
    const found: Date[] = []
    for (let last = until; found.length < most; last = new Date(last.getTime() - 1)) {
      const at = this.#last(after, last)
      if (at === undefined) break
      found.unshift(at)
      last = at
    }
    return found
  }

  /** The last time after `after` and not after `until`. */
  #last(after: Date, until: Date): Date | undefined {
    let found: Date | undefined
    let high = until.getTime()
    for (let low = after.getTime(); low < high;) {
      const middle = Math.floor((low + high) / 2)
      const at = this.next(new Date(middle))
      if (at === undefined || at > until) high = middle
      else {
        found = at
        low = at.getTime()
      }
    }
    return found
  }

  /** No time on the wall up to that at `after` has a moment after it that is its first. */
  #nextFixed(after: number): number | undefined {
    let wall = this.#zone.wallAt(after)
    for (;;) {
      const next = this.#nextOnCalendar(wall)
      if (next === undefined) return undefined
      wall = next
      const at = this.#zone.momentsOf(wall)[0] ?? this.#zone.gapEnd(wall)
      if (at > after) return at
    }
  }

  #nextWild(after: number): number | undefined {
    const ahead = this.#nextAhead(after, this.#zone.wallAt(after))
    // Times on the wall that lie before the present one come once more when the clock goes back.
    const back = this.#zone.goesBackAfter(after)
    if (back === undefined || (ahead !== undefined && ahead < back)) return ahead
    const again = this.#nextAhead(back - 1, this.#zone.wallAt(back) - 1)
    return ahead === undefined || (again !== undefined && again < ahead) ? again : ahead
  }

  #nextAhead(after: number, from: number): number | undefined {
    for (let wall = this.#nextOnCalendar(from); wall !== undefined;) {
      const at = this.#zone.momentsOf(wall).find((moment) => moment > after)
      if (at !== undefined) return at
      wall = this.#nextOnCalendar(wall)
    }
    return undefined
  }

  #nextOnCalendar(wall: number): number | undefined {
    return this.#calendar.nextRun(new Date(wall))?.getTime()
  }
}

/** Throws unless `expression` can be read and has times that come, in a zone that this process knows. */
export function expectSchedule(expression: string, timeZone: string): void {
  void new Schedule(expression, timeZone)
}

function isFixed(expression: string): boolean {
  const fields = expression.trim().split(/\s+/)
  if (fields.length === 1) return expression.trim().toLowerCase() !== '@hourly'
  return !fields.slice(0, fields.length - 3).some((field) => /[*/]/.test(field))
}

function parsed(expression: string): Croner {
  const wanted = 'schedule to be a cron expression of five fields, or of six with seconds first'
  if (typeof expression !== 'string' || expression.length > 200) throw expected(wanted, expression)
  // What croner takes besides: a moment, which comes once, and `?`, the time at which it is parsed.
  if (expression.includes('?') || /^\s*\d{4}-/.test(expression)) {
    throw new TypeError(`Expected ${wanted}, got "${expression}"`)
  }
  try {
    return new Croner(expression, { timezone: 'UTC', mode: '5-or-6-parts', paused: true })
  } catch (cause) {
    const why = messageOf(cause) ?? describeValue(cause)
    throw new TypeError(`Expected ${wanted}, got "${expression}": ${why}`, { cause })
  }
}
