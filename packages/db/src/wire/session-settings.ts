import type { PgWire } from './pg-wire.ts'

/**
 * The settings with which a connection of our own begins, whatever the server, database or role are set to:
 * they decide how values are written and read. The server does not report these, so they are sent when
 * connecting.
 *
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-ASYNC
 */
export const STARTUP_SETTINGS = {
  // With fewer, a float silently loses its last digits.
  extra_float_digits: '1',
  bytea_output: 'hex',
  // Without it a NULL in an array that is written becomes the text "NULL".
  array_nulls: 'on',
} as const

/**
 * The settings that the server reports, at the start and at each change. They are set only if they are
 * wrong. `DateStyle` keeps its other half, which decides how `01/02/2026` is read.
 */
const REPORTED: Readonly<
  Record<string, { readonly isRight: RegExp; readonly correction: string }>
> = {
  DateStyle: { isRight: /^ISO\b/i, correction: 'set datestyle = iso' },
  IntervalStyle: { isRight: /^postgres$/i, correction: 'set intervalstyle = postgres' },
  // Kysely does not escape a backslash in a literal.
  standard_conforming_strings: {
    isRight: /^on$/i,
    correction: 'set standard_conforming_strings = on',
  },
  client_encoding: { isRight: /^utf-?8$/i, correction: 'set client_encoding = utf8' },
}

/** Settings that a server may change by itself, such as when a standby is promoted. */
const SERVERS_OWN: ReadonlySet<string> = new Set(['in_hot_standby', 'server_version'])

/** How many settings are kept. PostgreSQL reports some fifteen, and extensions may add a few. */
const MAX_SETTINGS = 200

/** Notes what the server reports about the settings of a connection. */
export class SessionSettings {
  readonly #reported = new Map<string, string>()
  #first: ReadonlyMap<string, string> | undefined = undefined
  /** Whether the server has reported anything since they were settled, which is rare. */
  #isNews = false

  /** @param wire one that has not connected yet */
  constructor(wire: PgWire) {
    wire.onParameter(({ parameterName, parameterValue }) => {
      this.#isNews = true
      const isKnown = this.#reported.has(parameterName)
      if (isKnown || this.#reported.size < MAX_SETTINGS) {
        this.#reported.set(parameterName, parameterValue)
      }
    })
  }

  /** Takes the present settings as the expected ones. */
  settle(): void {
    this.#first = new Map(this.#reported)
    this.#isNews = false
  }

  /** Whether a reported setting differs from what was settled; functions can change one unseen. */
  get isChanged(): boolean {
    if (this.#first === undefined || !this.#isNews) return false
    for (const [name, value] of this.#first) {
      if (this.#reported.get(name) !== value && !SERVERS_OWN.has(name)) return true
    }
    return false
  }

  /** The statements that correct wrong settings; empty if all are right. */
  get corrections(): readonly string[] {
    return Object.entries(REPORTED)
      .filter(([name, { isRight }]) => {
        const value = this.#reported.get(name)
        return value !== undefined && !isRight.test(value)
      })
      .map(([, { correction }]) => correction)
  }
}
