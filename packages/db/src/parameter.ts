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
 * db.insertInto('plans').values({ tags: json(['day', 'night']) })
 */
export function json<T>(value: T): T {
  const text = JSON.stringify(value)
  if (text === undefined) throw new TypeError(`Expected JSON, got ${typeof value}`)
  // Typed as the value itself: that is what Kysely's column takes.
  return new JsonParameter(text) as unknown as T
}

/** What of JavaScript pg would send wrongly, in the text that PostgreSQL reads. */
export function toParameter(value: unknown): unknown {
  if (value instanceof JsonParameter) return value.toPostgres()
  return value
}
