/** As PostgreSQL writes a time in JSON: `2026-11-29T15:12:25.123+09:00`. Offsets before 1972 may have seconds. */
const TIME =
  /^(\d{4,6})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-])(\d\d):(\d\d)(?::(\d\d))?$/

/**
 * Reads a time of PostgreSQL's JSON, in milliseconds since 1970.
 *
 * @throws {TypeError} when it is no time after Christ
 * @see https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-DATETIME-OUTPUT
 */
export function readTime(text: string): number {
  const ms = Date.parse(text)
  if (!Number.isNaN(ms)) return ms
  // A year of five digits, or an offset with seconds.
  const match = TIME.exec(text)
  if (match === null) throw new TypeError('Expected a time of PostgreSQL, got something else')
  const part = (at: number): number => Number(match[at] ?? 0)
  // Not the whole to `Date.UTC`: the last time that it knows is later than that by local time.
  const day = Date.UTC(part(1), part(2) - 1, part(3))
  const local = day + clockOf(part(4), part(5), part(6))
  const offset = clockOf(part(9), part(10), part(11))
  const fraction = Math.trunc(Number(`0.${match[7] ?? 0}`) * 1_000)
  return local + fraction + (match[8] === '-' ? offset : -offset)
}

/** A time of day, in milliseconds. */
function clockOf(hours: number, minutes: number, seconds: number): number {
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000
}

/** The same of a column that may be `null`. */
export function readOptionalTime(text: string | null): number | undefined {
  return text === null ? undefined : readTime(text)
}
