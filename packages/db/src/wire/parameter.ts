import { PreciseDate } from './instant.ts'

/** A value that is sent as JSON text, also where it is an array; see {@link json}. */
class JsonParameter {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** What pg, or our driver, sends. */
  toPostgres(): string {
    return this.#text
  }
}

/**
 * Marks a value for a `json` or `jsonb` column. An array needs it, because PostgreSQL's own arrays are
 * sent otherwise; for other values it changes nothing.
 *
 * @example
 * await db.updateTable('plans').set({ tags: json(['day', 'night']) }).where('id', '=', id).execute()
 */
export function json<T>(value: T): T {
  const text = JSON.stringify(value)
  if (text === undefined) throw new TypeError(`Expected JSON, got ${typeof value}`)
  // Typed as the value itself: that is what Kysely's column takes.
  return new JsonParameter(text) as unknown as T
}

const TEMPORAL = /^Temporal\.(Instant|PlainDate|PlainDateTime|PlainTime|Duration)$/

function isTemporal(value: object): value is { toJSON(): string } {
  return Symbol.toStringTag in value && TEMPORAL.test(String(value[Symbol.toStringTag]))
}

/** The text for PostgreSQL of the values that pg would send wrongly. */
export function toParameter(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof JsonParameter) return value.toPostgres()
  if (value instanceof PreciseDate) return value.toPreciseString()
  if (Array.isArray(value)) return value.map((item) => toParameter(item))
  // Temporal's values read as what PostgreSQL takes; pg would send them as JSON, in quotes.
  if (isTemporal(value)) return value.toJSON()
  return value
}
