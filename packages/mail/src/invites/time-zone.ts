import { contentLine, localTime } from './content-lines.ts'

const SECOND_MS = 1_000
const DAY_MS = 86_400_000
/** How far before and after an event the rules of its zone are told. */
const MARGIN_MS = 366 * DAY_MS

/** A time zone of IANA's, as this machine's Intl knows it. */
export class TimeZone {
  readonly name: string
  readonly #format: Intl.DateTimeFormat

  /** @throws {RangeError} unless there is such a zone */
  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
    this.name = name
  }

  /** What local time is ahead of UTC. */
  offsetMs(date: Date | number): number {
    const parts = this.#format.formatToParts(date)
    const said = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
    const {
      sign,
      hours,
      minutes,
      seconds = '0',
    } = /^GMT(?<sign>[+-])(?<hours>\d\d):(?<minutes>\d\d)(?::(?<seconds>\d\d))?$/.exec(said)
      ?.groups ?? {}
    if (sign === undefined) return 0
    const size = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)
    return (sign === '-' ? -size : size) * SECOND_MS
  }

  /**
   * Whether the clock shows this time twice. Calendars have to take it for the first one (RFC 5545, 3.3.5), and
   * not all do.
   */
  isAmbiguous(date: Date): boolean {
    const time = date.getTime()
    const offset = this.offsetMs(time)
    const others = [this.offsetMs(time - DAY_MS), this.offsetMs(time + DAY_MS)]
    return others.some(
      (other) => other !== offset && this.offsetMs(time + offset - other) === other,
    )
  }

  /**
   * The zone as far as an event needs it (RFC 5545, 3.6.5): from a year before it to a year after. Each change of
   * the offset is written out, so that it is right also where no rule describes it.
   */
  component(start: Date, end: Date): string {
    const from = start.getTime() - MARGIN_MS
    const to = end.getTime() + MARGIN_MS
    const first = this.offsetMs(from)
    const changes = this.#changes(from, to)
    const standard = Math.min(first, ...changes.map(({ after }) => after))
    const observances = [
      observance({ onset: '19700101T000000', before: first, after: first }, standard),
      ...changes.map(({ at, before, after }) =>
        observance({ onset: localTime(new Date(at), before), before, after }, standard),
      ),
    ]
    return [
      contentLine('BEGIN', 'VTIMEZONE'),
      contentLine('TZID', this.name),
      ...observances,
      contentLine('END', 'VTIMEZONE'),
    ].join('')
  }

  #changes(from: number, to: number): { at: number; before: number; after: number }[] {
    const changes = []
    let before = this.offsetMs(from)
    for (let day = from; day < to; day += DAY_MS) {
      const after = this.offsetMs(day + DAY_MS)
      if (after !== before) changes.push({ at: this.#change(day, before), before, after })
      before = after
    }
    return changes
  }

  /** The second at which the offset changes, within a day. */
  #change(day: number, before: number): number {
    let low = Math.floor(day / SECOND_MS)
    let high = low + DAY_MS / SECOND_MS + 1
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (this.offsetMs(middle * SECOND_MS) === before) low = middle
      else high = middle
    }
    return high * SECOND_MS
  }
}

function observance(
  { onset, before, after }: { onset: string; before: number; after: number },
  standard: number,
): string {
  const name = after > standard ? 'DAYLIGHT' : 'STANDARD'
  return [
    contentLine('BEGIN', name),
    contentLine('DTSTART', onset),
    contentLine('TZOFFSETFROM', utcOffset(before)),
    contentLine('TZOFFSETTO', utcOffset(after)),
    contentLine('END', name),
  ].join('')
}

/** `+0900` (RFC 5545, 3.3.14). */
function utcOffset(offsetMs: number): string {
  const size = Math.abs(offsetMs) / SECOND_MS
  const units = [Math.floor(size / 3_600), Math.floor(size / 60) % 60, size % 60]
  const digits = units.map((unit) => String(unit).padStart(2, '0'))
  return `${offsetMs < 0 ? '-' : '+'}${digits.slice(0, digits[2] === '00' ? 2 : 3).join('')}`
}
