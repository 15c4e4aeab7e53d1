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

/** How PostgreSQL's values become JavaScript's. */
export interface ValueOptions {
  /**
   * What `int8` (and `count(*)`, `sum(int4)`) becomes. As `'number'`, a value beyond 2^53 − 1 is a
   * `RangeError` and never rounded.
   *
   * @default 'bigint'
   */
  readonly int8?: 'bigint' | 'number'
  /**
   * Whether `timestamptz` becomes a `Temporal.Instant`, `date` a `Temporal.PlainDate` and `timestamp` a
   * `Temporal.PlainDateTime`; a `TypeError` where Node has no Temporal. Otherwise they become a `Date`
   * (a {@link PreciseDate} where it has microseconds) and, for the other two, PostgreSQL's text.
   *
   * @default false, so that a program sees the same on every Node
   */
  readonly temporal?: boolean
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
  textArray: 1009,
} as const

/** What is not named below is read as pg does. */
const fallback: PgTypes = types

const asText = (value: string): string => value

/** pg makes an interval of nothing of both. */
function intervalParser(): (text: string) => unknown {
  const parse = fallback.getTypeParser(OID.interval)
  const finite = checked('an interval', POSTGRES_INTERVAL_STYLE, POSTGRES_INTERVAL, parse)
  return (text) => (/^-?infinity$/.test(text) ? text : finite(text))
}

/** The parsers of one database: never pg's global ones, which belong to the whole process. */
export function valueParsers(options: ValueOptions): PgTypes & [] {
  const { instant, date, timestamp } = timesOf(options)
  const interval = intervalParser()
  const int8 = options.int8 === 'number' ? exactNumber : BigInt
  const arrayOf = (parse: (value: string) => unknown) => (value: string) =>
    deeply(parse, fallback.getTypeParser(OID.textArray)(value))
  const parsers = new Map<number, (value: string) => unknown>([
    [OID.interval, interval],
    [OID.intervalArray, arrayOf(interval)],
    [OID.int8, int8],
    [OID.int8Array, arrayOf(int8)],
    [OID.numericArray, arrayOf(asText)],
    [OID.date, date],
    [OID.dateArray, arrayOf(date)],
    [OID.timestamp, timestamp],
    [OID.timestampArray, arrayOf(timestamp)],
    [OID.timestamptz, instant],
    [OID.timestamptzArray, arrayOf(instant)],
  ])
  const getTypeParser = (oid: number, format?: string): ((value: string) => unknown) =>
    (format === 'binary' ? undefined : parsers.get(oid)) ?? fallback.getTypeParser(oid, format)
  // pg reads `types` of a query in two ways: to parse the result, and as the list of its parameters'
  // types, which we leave to the server. An empty list that can also parse is right for both.
  return Object.assign([] as [], { getTypeParser })
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

function exactNumber(value: string): number {
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  throw new RangeError('Expected an int8 that a number holds exactly; use int8: bigint')
}

function deeply(parse: (value: string) => unknown, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => deeply(parse, item))
  return typeof value === 'string' ? parse(value) : value
}
