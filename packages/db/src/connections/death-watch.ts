import { loopTurn } from '../wire/loop-turn.ts'
import type { PgWire } from '../wire/pg-wire.ts'

/** What is known of a connection when a statement is sent on it, to tell whether it was dead by then. */
export class DeathWatch {
  readonly #wire: PgWire
  readonly #turn: { readonly isOver: boolean } = loopTurn()
  readonly #bytesRead: number

  constructor(wire: PgWire) {
    this.#wire = wire
    this.#bytesRead = wire.bytesRead
  }

  /**
   * Whether a loss of the connection that is noticed now came before the server can have begun the
   * statement: the kernel knew of it when the statement was sent, or the server has sent nothing since.
   */
  get isEarly(): boolean {
    return !this.#turn.isOver || this.#bytesRead === this.#wire.bytesRead
  }
}
