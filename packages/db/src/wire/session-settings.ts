import type { PgWire } from './pg-wire.ts'

/**
 * What a connection of our own begins with, whatever server, database or role are set to: how values
 * are written and read. The server does not report these, so they are sent when the connection is made.
 *
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-ASYNC
 */
export const STARTUP_SETTINGS = {
  // Fewer digits lose a float's last ones, in silence.
  extra_float_digits: '1',
  bytea_output: 'hex',
  // Without it a NULL in an array that is written becomes the word.
  array_nulls: 'on',
} as const

/**
 * What the server reports by itself, at the start and at each change; it is set only where it is wrong.
 * `DateStyle` keeps its other half, by which the role reads `01/02/2026`.
 */
const REPORTED: Readonly<
  Record<string, { readonly isRight: RegExp; readonly correction: string }>
> = {
  DateStyle: { isRight: /^ISO\b/i, correction: 'set datestyle = iso' },
  IntervalStyle: { isRight: /^postgres$/i, correction: 'set intervalstyle = postgres' },
  // Kysely writes a backslash in a literal as it is.
  standard_conforming_strings: {
    isRight: /^on$/i,
    correction: 'set standard_conforming_strings = on',
  },
  client_encoding: { isRight: /^utf-?8$/i, correction: 'set client_encoding = utf8' },
}

/** What a server may change by itself: a standby is promoted, a certificate is taken. */
const SERVERS_OWN: ReadonlySet<string> = new Set(['in_hot_standby', 'server_version'])

/** How many settings are noted. PostgreSQL reports some fifteen, and extensions may add a few. */
const MAX_SETTINGS = 200

/** Notes what the server reports about the settings of a connection. */
export class SessionSettings {
  readonly #reported = new Map<string, string>()
  #first: ReadonlyMap<string, string> | undefined = undefined
  /** Whether the server has reported anything since they were settled: most sessions never do. */
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

  /** Takes what the settings are now for what they are to be. */
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

  /** The statements that set right what is wrong; none where all is right. */
  get corrections(): readonly string[] {
    return Object.entries(REPORTED)
      .filter(([name, { isRight }]) => {
        const value = this.#reported.get(name)
        return value !== undefined && !isRight.test(value)
      })
      .map(([, { correction }]) => correction)
  }
}
