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

/** Converts values that pg would send wrongly into text for PostgreSQL. */
export function toParameter(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof JsonParameter) return value.toPostgres()
  if (value instanceof PreciseDate) return value.toPreciseString()
  if (Array.isArray(value)) return value.map((item) => toParameter(item))
  // Temporal's values read as what PostgreSQL takes; pg would send them as JSON, in quotes.
  if (isTemporal(value)) return value.toJSON()
  return value
}
