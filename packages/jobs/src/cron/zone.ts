import { describeValue, expected } from '@yuzuru/concurrency/boundary'

/*
 * "Wall" is what a clock on the wall of a zone shows, kept as the moment at which one in UTC shows the same, in
 * milliseconds since 1970. A wall time has no moment where the clock jumps over it, and two where it goes back.
 */

const SECOND_MS = 1_000
const DAY_MS = 86_400_000

/** The longest that any zone has ever jumped: a day, where it went over the date line. */
const LONGEST_JUMP_MS = DAY_MS + 3_600_000

/** How the clocks of a time zone go, by the rules that this process has (those of its ICU). */
export class Zone {
  readonly #format: Intl.DateTimeFormat

  /** @throws {TypeError} unless this process knows the zone */
  constructor(timeZone: string) {
    if (typeof timeZone !== 'string' || timeZone === '' || timeZone.length > 100) {
      throw expected('timeZone to be the name of a time zone', timeZone)
    }
    try {
      this.#format = new Intl.DateTimeFormat('en-US', {
        timeZone,
        calendar: 'gregory',
        numberingSystem: 'latn',
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      })
    } catch (cause) {
      const wanted = 'timeZone to be the name of a time zone, like "Europe/Berlin"'
      const got = /^[\w+/-]+$/.test(timeZone) ? `"${timeZone}"` : describeValue(timeZone)
      throw new TypeError(`Expected ${wanted}, got ${got}`, { cause })
    }
  }

  /** What the clock shows at a moment. */
  wallAt(at: number): number {
    return at + this.#offsetAt(at)
  }

  /** The moments at which the clock shows a time: none, one, or two. */
  momentsOf(wall: number): number[] {
    const around = [wall - LONGEST_JUMP_MS, wall + LONGEST_JUMP_MS]
    const offsets = new Set(around.map((at) => this.#offsetAt(at)))
    const moments = [...offsets].map((offset) => wall - offset)
    return moments.filter((at) => this.wallAt(at) === wall).sort((a, b) => a - b)
  }

  /** The first moment after the jump that leaves a time out. */
  gapEnd(wall: number): number {
    return this.#changeBetween(wall - LONGEST_JUMP_MS, wall + LONGEST_JUMP_MS)
  }

  /** The moment at which the clock next goes back, if that comes within {@link LONGEST_JUMP_MS}. */
  goesBackAfter(at: number): number | undefined {
    const end = at + LONGEST_JUMP_MS
    return this.#offsetAt(end) < this.#offsetAt(at) ? this.#changeBetween(at, end) : undefined
  }

  /** The moment of the one change of the offset between two moments. Changes are at whole seconds. */
  #changeBetween(from: number, to: number): number {
    const before = this.#offsetAt(from)
    let low = Math.floor(from / SECOND_MS)
    let high = Math.ceil(to / SECOND_MS)
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (this.#offsetAt(middle * SECOND_MS) === before) low = middle
      else high = middle
    }
    return high * SECOND_MS
  }

  #offsetAt(at: number): number {
    const field: Record<string, number> = {}
    for (const { type, value } of this.#format.formatToParts(at)) field[type] = Number(value)
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = field
    const wall = Date.UTC(year, month - 1, day, hour, minute, second)
    return wall - Math.floor(at / SECOND_MS) * SECOND_MS
  }
}

/** Throws unless this process knows the zone. */
export function expectZone(timeZone: string): void {
  void new Zone(timeZone)
}
