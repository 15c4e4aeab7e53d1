import { expected } from '@yuzuru/concurrency/boundary'
import { defaults } from 'pg'
import { toParameter } from './parameter.ts'

/**
 * The text of a value for PostgreSQL, for places without parameters (COPY, literals). It is the same as the
 * text of a parameter. A value that would be sent wrongly, or not at all, is refused.
 *
 * @returns `undefined` for NULL
 * @throws {TypeError} on `undefined`, functions, symbols, invalid dates, text with U+0000 or half a
 *   surrogate pair, and what JSON cannot say
 */
export function textOf(value: unknown): string | undefined {
  if (value === null) return undefined
  const text = rawTextOf(toParameter(value))
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new TypeError('Expected well-formed text without U+0000, got text that is not')
  }
  return text
}

function rawTextOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'object':
      return value === null ? 'null' : objectText(value)
    default:
      throw expected('a value that PostgreSQL has', value)
  }
}

function objectText(value: object): string {
  if (ArrayBuffer.isView(value)) return `\\x${bytesOf(value).toString('hex')}`
  if (value instanceof Date) return dateText(value)
  if (Array.isArray(value)) return `{${value.map((item) => elementText(item)).join(',')}}`
  if ('toPostgres' in value && typeof value.toPostgres === 'function') {
    return rawTextOf(value.toPostgres((inner: unknown) => inner))
  }
  const json: string | undefined = JSON.stringify(value)
  if (json === undefined) throw new TypeError('Expected a value that JSON can say')
  return json
}

/** https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO: in quotes, so that no text is NULL. */
function elementText(item: unknown): string {
  if (item === null || item === undefined) return 'NULL'
  if (Array.isArray(item)) return rawTextOf(item)
  return `"${rawTextOf(item).replaceAll(/[\\"]/g, String.raw`\$&`)}"`
}

function bytesOf(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength)
}

/**
 * In the time zone of the process, with its offset, as in pg. A column without a time zone takes the local
 * time.
 */
function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new TypeError('Expected a valid Date, got an invalid one')
  const offset = offsetOf(date)
  const local = new Date(date.getTime() + offset * 60_000)
  const year = local.getUTCFullYear()
  const rest = local
    .toISOString()
    .replace(/^[+-]?\d+/, '')
    .slice(0, -1)
  const minutes = Math.abs(offset)
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
  // The year before 1 is 1 BC.
  const shown = String(year < 1 ? 1 - year : year).padStart(4, '0')
  return `${shown}${rest}${zone}${year < 1 ? ' BC' : ''}`
}

/** The offset in minutes. Historic time zones have seconds too; those times are written in UTC. */
function offsetOf(date: Date): number {
  const offset = -date.getTimezoneOffset()
  return defaults.parseInputDatesAsUTC !== true && Number.isInteger(offset) ? offset : 0
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
