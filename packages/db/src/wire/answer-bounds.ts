import { ProtocolError, violation } from './protocol-error.ts'

/**
 * The longest message of most kinds, in bytes, as in libpq (`fe-protocol3.c`, `VALID_LONG_MESSAGE_TYPE`,
 * and 2,000 for authentication), with a bound of ours where libpq has none: a description of 1,664 columns
 * (`MaxTupleAttributeNumber`) with names of 63 bytes takes 136 kB; a notification 8 kB, or 32 kB where the
 * server was built with the largest blocks.
 */
const USUAL_BYTES = 30_000
const OTHER_BYTES: Readonly<Record<string, number>> = {
  A: 65_536,
  E: 1_048_576,
  N: 1_048_576,
  R: 2_000,
  T: 1_048_576,
}

/** How many bytes a server may send before it is ready for the first statement. */
const STARTUP_BYTES = 1_048_576

/** Messages that are not kept: they are passed on as they arrive, or dropped. */
const NOT_KEPT = 'dAN'

/** Counts what a server sends up to its next ReadyForQuery, and enforces the limit. */
export class AnswerBounds {
  readonly #maxAnswerBytes: number
  #isStarting = true
  #bytes = 0

  constructor(maxAnswerBytes: number) {
    this.#maxAnswerBytes = maxAnswerBytes
  }

  /**
   * Counts a message as soon as its head has arrived.
   *
   * @throws {ProtocolError} unless there is room for it
   */
  admit(kind: string, bytes: number): void {
    const isData = kind === 'D' || kind === 'd'
    if (!isData && bytes > (OTHER_BYTES[kind] ?? USUAL_BYTES)) {
      throw violation('a message that is longer than any of its kind')
    }
    if (this.#isStarting || !NOT_KEPT.includes(kind)) this.#bytes += bytes
    if (this.#isStarting && this.#bytes > STARTUP_BYTES) {
      throw violation('it does not come to an end before the first statement')
    }
    if (this.#bytes > this.#maxAnswerBytes || bytes > this.#maxAnswerBytes) {
      throw new ProtocolError(
        'answer_too_large',
        `The answer to one statement takes more than maxAnswerBytes, ${this.#maxAnswerBytes} bytes`,
      )
    }
    if (kind !== 'Z') return
    this.#isStarting = false
    this.#bytes = 0
  }
}
