import type { PgWire } from './pg-wire.ts'

/**
 * What a connection of our own begins with, whatever server, database or role are set to: how values
 * are written and read. The server tells nobody what these are, so they are sent before it is asked.
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
 * What the server tells by itself, at the start and at each change; it is set only where it is wrong.
 * `DateStyle` keeps its other half, by which the role reads `01/02/2026`.
 */
const TOLD: Readonly<Record<string, { readonly isRight: RegExp; readonly correction: string }>> = {
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

/** Notes what the server tells about the settings of a connection. */
export class SessionSettings {
  readonly #told = new Map<string, string>()
  #first: ReadonlyMap<string, string> | undefined = undefined

  /** @param wire one that has not connected yet */
  constructor(wire: PgWire) {
    wire.onParameter(({ parameterName, parameterValue }) => {
      this.#told.set(parameterName, parameterValue)
    })
  }

  /** Takes what the settings are now for what they are to be. */
  settle(): void {
    this.#first = new Map(this.#told)
  }

  /** Whether one that the server tells of is otherwise than it was settled; functions can do that unseen. */
  get isChanged(): boolean {
    if (this.#first === undefined) return false
    for (const [name, value] of this.#first) {
      if (this.#told.get(name) !== value && !SERVERS_OWN.has(name)) return true
    }
    return false
  }

  /** The statements that set right what is wrong; none where all is right. */
  get corrections(): readonly string[] {
    return Object.entries(TOLD)
      .filter(([name, { isRight }]) => {
        const value = this.#told.get(name)
        return value !== undefined && !isRight.test(value)
      })
      .map(([, { correction }]) => correction)
  }
}
