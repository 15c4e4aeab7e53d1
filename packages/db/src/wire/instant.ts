/**
 * A `Date` that keeps PostgreSQL's microseconds. The driver returns one for a `timestamptz` that has a
 * fraction of a millisecond, and sends it back unchanged.
 */
export class PreciseDate extends Date {
  /** Microseconds beyond the whole milliseconds of the `Date`: 0 to 999. */
  readonly microseconds: number

  constructor(timeMs: number, microseconds: number) {
    super(timeMs)
    this.microseconds = microseconds
  }

  /** RFC 3339 with six digits: `2026-01-02T03:04:05.123456Z`. */
  toPreciseString(): string {
    return this.toISOString().replace('Z', `${String(this.microseconds).padStart(3, '0')}Z`)
  }
}

/**
 * Reads a `timestamptz` in PostgreSQL's ISO style: `2026-01-02 03:04:05.123456+09`.
 *
 * @param parse the parser for the rare rest: years before Christ or after 9999, `infinity`
 */
export function parseInstant(text: string, parse: (text: string) => unknown): unknown {
  const found =
    /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?([+-]\d\d)(:\d\d)?(:\d\d)?$/.exec(text)
  if (found === null) return parse(text)
  const [, date, time, fraction = '', hours = '', minutes = ':00', seconds] = found
  const digits = fraction.padEnd(6, '0')
  let timeMs = Date.parse(`${date}T${time}.${digits.slice(0, 3)}${hours}${minutes}`)
  // Historic time zones have seconds too, which `Date` cannot parse.
  if (seconds !== undefined) timeMs -= Number(`${hours[0]}${seconds.slice(1)}`) * 1_000
  const microseconds = Number(digits.slice(3))
  return microseconds === 0 ? new Date(timeMs) : new PreciseDate(timeMs, microseconds)
}
