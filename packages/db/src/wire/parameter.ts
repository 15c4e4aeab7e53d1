import { expected } from '@yuzuru/concurrency/boundary'
import { PreciseDate } from './instant.ts'

/** A value that is sent as JSON text, also where it is an array; see {@link json}. */
class JsonParameter {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The text that pg or our driver sends. */
  toPostgres(): string {
    return this.#text
  }
}

/**
 * Marks a value for a `json` or `jsonb` column. Arrays need it, as they would otherwise be sent as
 * PostgreSQL arrays; for other values it changes nothing.
 *
 * @example
 * await db.updateTable('plans').set({ tags: json(['day', 'night']) }).where('id', '=', id).execute()
 */
export function json<T>(value: T): T {
  const text = JSON.stringify(value)
  if (text === undefined) throw new TypeError(`Expected JSON, got ${typeof value}`)
  // Typed as the value itself, because that is the type of Kysely's column.
  return new JsonParameter(text) as unknown as T
}

const TEMPORAL = /^Temporal\.(Instant|PlainDate|PlainDateTime|PlainTime|Duration)$/

function isTemporal(value: object): value is { toJSON(): string } {
  return Symbol.toStringTag in value && TEMPORAL.test(String(value[Symbol.toStringTag]))
}

/**
 * Converts values that pg would send wrongly into what PostgreSQL takes.
 *
 * @throws {TypeError} on what would arrive as something else: half a surrogate pair, functions, symbols, invalid
 *   dates, and objects of which JSON says nothing, such as a `Map` or a promise
 */
export function toParameter(value: unknown): unknown {
  if (typeof value === 'string') return wellFormed(value)
  if (typeof value === 'function' || typeof value === 'symbol') throw expected(A_VALUE, value)
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  if (value instanceof JsonParameter) return value.toPostgres()
  if (value instanceof Date) return validDate(value)
  if (Array.isArray(value)) return value.map((item) => toParameter(item))
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return Buffer.from(value)
  // Temporal's values read as what PostgreSQL takes; pg would send them as JSON, in quotes.
  if (isTemporal(value)) return value.toJSON()
  if (saysNothing(value)) throw expected(A_VALUE, value)
  return value
}

const A_VALUE = 'a value that PostgreSQL has'

/** UTF-8 has no half of a surrogate pair: it would arrive as U+FFFD. */
function wellFormed(text: string): string {
  if (text.isWellFormed()) return text
  throw new TypeError('Expected well-formed text, got a lone surrogate in it')
}

function validDate(date: Date): unknown {
  if (Number.isNaN(date.getTime())) throw new TypeError('Expected a valid Date, got an invalid one')
  return date instanceof PreciseDate ? date.toPreciseString() : date
}

/** Whether JSON would make `{}` of what is no plain object: a `Map`, a `Set`, a `Blob`, a promise. */
function saysNothing(value: object): boolean {
  if ('toPostgres' in value || 'toJSON' in value || Object.keys(value).length > 0) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // A plain object of another realm has another Object.prototype.
  return (
    typeof prototype === 'object' && prototype !== null && Object.getPrototypeOf(prototype) !== null
  )
}
