/** Reads a type's text. */
type Parse = (text: string) => unknown

/** The part of the global `Temporal` that is used here. TypeScript's own types for it are opt-in. */
interface TemporalLike {
  readonly Instant: { from(text: string): unknown }
  readonly PlainDate: { from(text: string): unknown }
  readonly PlainDateTime: { from(text: string): unknown }
}

/**
 * Parsers of PostgreSQL's ISO style that return values of `Temporal`. `infinity` and years before Christ
 * stay text.
 *
 * @throws {TypeError} where there is no Temporal
 */
export function temporalTimes(): Record<'instant' | 'date' | 'timestamp', Parse> {
  const { Temporal } = globalThis as { Temporal?: TemporalLike }
  if (Temporal === undefined) throw new TypeError('Expected a Node with Temporal, got one without')
  const unlessOdd =
    (parse: Parse): Parse =>
    (text) =>
      /^\d.*(?<! BC)$/.test(text) ? parse(text) : text
  return {
    instant: unlessOdd((text) => Temporal.Instant.from(text)),
    date: unlessOdd((text) => Temporal.PlainDate.from(text)),
    timestamp: unlessOdd((text) => Temporal.PlainDateTime.from(text)),
  }
}
