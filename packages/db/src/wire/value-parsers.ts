import { types } from 'pg'
import { parseInstant } from './instant.ts'
import {
  checked,
  ISO_DATE_STYLE,
  ISO_TIME,
  POSTGRES_INTERVAL,
  POSTGRES_INTERVAL_STYLE,
} from './style-check.ts'
import { temporalTimes } from './temporal-times.ts'
import type { PgTypes } from './pg-client.ts'
import { arrayParser, TypeCatalogue } from './type-catalogue.ts'

/** How PostgreSQL's values become JavaScript's. */
export interface ValueOptions {
  /**
   * What `int8` (and `count(*)`, `sum(int4)`) becomes. As `'number'`, a value beyond 2^53 − 1 is a
   * `RangeError` and never rounded.
   *
   * @default 'bigint'
   */
  readonly int8?: 'bigint' | 'number' | undefined
  /**
   * Whether `timestamptz` becomes a `Temporal.Instant`, `date` a `Temporal.PlainDate` and `timestamp` a
   * `Temporal.PlainDateTime`; a `TypeError` where Node has no Temporal. Otherwise they become a `Date`
   * (a {@link PreciseDate} where it has microseconds) and, for the other two, PostgreSQL's text.
   *
   * @default false, so that a program sees the same on every Node
   */
  readonly temporal?: boolean | undefined
}

/** https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const OID = {
  int8: 20,
  int8Array: 1016,
  date: 1082,
  dateArray: 1182,
  timestamp: 1114,
  timestampArray: 1115,
  timestamptz: 1184,
  timestamptzArray: 1185,
  interval: 1186,
  intervalArray: 1187,
  numericArray: 1231,
} as const

/** Types that are not named below are parsed as in pg. */
const fallback: PgTypes = types

const asText = (value: string): string => value

/** pg would parse `infinity` and `-infinity` as an empty interval, so these stay text. */
function intervalParser(): (text: string) => unknown {
  const parse = fallback.getTypeParser(OID.interval)
  const finite = checked('an interval', POSTGRES_INTERVAL_STYLE, POSTGRES_INTERVAL, parse)
  return (text) => (/^-?infinity$/.test(text) ? text : finite(text))
}

/** The parsers of the values of one database. */
export interface ValueTypes extends PgTypes {
  /** The parsers of the types that the database defines. */
  readonly catalogue: TypeCatalogue
}

/** The parsers of one database: never pg's global ones, which belong to the whole process. */
export function valueParsers(options: ValueOptions): ValueTypes & [] {
  const { instant, date, timestamp } = timesOf(options)
  const interval = intervalParser()
  const int8 = options.int8 === 'number' ? exactNumber : exactBigInt
  const parsers = new Map<number, (value: string) => unknown>([
    [OID.interval, interval],
    [OID.intervalArray, arrayParser(interval)],
    [OID.int8, int8],
    [OID.int8Array, arrayParser(int8)],
    [OID.numericArray, arrayParser(asText)],
    [OID.date, date],
    [OID.dateArray, arrayParser(date)],
    [OID.timestamp, timestamp],
    [OID.timestampArray, arrayParser(timestamp)],
    [OID.timestamptz, instant],
    [OID.timestamptzArray, arrayParser(instant)],
  ])
  const getTypeParser = (oid: number, format?: string): ((value: string) => unknown) =>
    format === 'binary'
      ? fallback.getTypeParser(oid, format)
      : (parsers.get(oid) ?? catalogue.parserOf(oid) ?? fallback.getTypeParser(oid, format))
  const catalogue = new TypeCatalogue(getTypeParser)
  // pg uses the `types` of a query in two ways: to parse the result, and as the list of its parameters'
  // types, which we leave to the server. An empty list that also has the parsers works for both.
  return Object.assign([] as [], { getTypeParser, catalogue })
}

interface Times {
  readonly instant: (text: string) => unknown
  readonly date: (text: string) => unknown
  readonly timestamp: (text: string) => unknown
}

function timesOf({ temporal }: ValueOptions): Times {
  const iso = (type: string, parse: (text: string) => unknown): ((text: string) => unknown) =>
    checked(type, ISO_DATE_STYLE, ISO_TIME, parse)
  if (temporal === true) {
    const { instant, date, timestamp } = temporalTimes()
    return {
      instant: iso('a timestamptz', instant),
      date: iso('a date', date),
      timestamp: iso('a timestamp', timestamp),
    }
  }
  const rest = iso('a timestamptz', fallback.getTypeParser(OID.timestamptz))
  return {
    instant: (text) => parseInstant(text, rest),
    date: iso('a date', asText),
    timestamp: iso('a timestamp', asText),
  }
}

/** Accepts only the length of an int8, as parsing a long text into a `bigint` is slow. */
function exactBigInt(value: string): bigint {
  if (value.length > 0 && value.length <= '-9223372036854775808'.length) return BigInt(value)
  throw new RangeError('Expected an int8, got a text that is none')
}

function exactNumber(value: string): number {
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  throw new RangeError('Expected an int8 that a number holds exactly; use int8: bigint')
}
