import { violation } from './protocol-error.ts'

/** The kinds of Authentication messages. */
const OK = 0
const SASL = 10
const SASL_CONTINUE = 11
const SASL_FINAL = 12

/** What may come before the first ReadyForQuery. */
const AT_START = 'RSKNEZ'

/**
 * Enforces the order of messages where pg does not: the server proves its identity before anything else
 * counts, and asks for a password once.
 *
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
 */
export class AnswerOrder {
  #isStarting = true
  /** The kind of the last Authentication message. */
  #authentication: number | undefined = undefined
  #copiesOut = false

  /**
   * @param authentication the kind of an Authentication message
   * @throws {ProtocolError} unless it may come now
   */
  expect(kind: string, authentication: number | undefined): void {
    if (authentication !== undefined) this.#authenticate(authentication)
    if (this.#isStarting) this.#start(kind)
    if (kind === 'H') this.#copiesOut = true
    else if (kind === 'E' || kind === 'Z') this.#copiesOut = false
    else if ((kind === 'd' || kind === 'c') && !this.#copiesOut) {
      throw violation('data of a COPY that there is not')
    }
  }

  #start(kind: string): void {
    if (!AT_START.includes(kind)) throw violation('an answer before the first statement')
    if (kind !== 'Z') return
    if (this.#authentication !== OK) throw violation('it is ready before it has let us in')
    this.#isStarting = false
  }

  #authenticate(kind: number): void {
    const before = this.#authentication
    this.#authentication = kind
    if (!this.#isStarting || before === OK) throw violation('it asks who we are once more')
    // SCRAM proves the identity of both sides. Without its last step that of the server is not proven.
    const after = AFTER.get(before)
    if (after === undefined ? kind === SASL_CONTINUE || kind === SASL_FINAL : kind !== after) {
      throw violation('a step of the authentication that is not due')
    }
  }
}

/** What must follow a step of the authentication. After a password, only whether it is accepted. */
const AFTER: ReadonlyMap<number | undefined, number> = new Map([
  [3, OK],
  [5, OK],
  [SASL, SASL_CONTINUE],
  [SASL_CONTINUE, SASL_FINAL],
  [SASL_FINAL, OK],
])
