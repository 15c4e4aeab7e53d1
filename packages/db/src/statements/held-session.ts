import type { SessionLease, SessionSource } from '../connections/session-source.ts'
import type { Session } from '../connections/session.ts'
import { DbError } from '../wire/db-error.ts'
import { refuseNested } from './nested-use.ts'
import type { TransactionBegin } from './transaction-begin.ts'

/**
 * The session that a {@link Lease} runs its statements on: borrowed when the first one needs it, changed
 * for another when it turns out to have been dead, and given back at the end.
 */
export class HeldSession {
  readonly #context: object
  readonly #sessions: Pick<SessionSource, 'acquire'>
  readonly #begin: TransactionBegin | undefined
  #held: SessionLease | undefined = undefined
  #isReleased = false

  /**
   * @param context the database, which must not be used within its own transaction
   * @param begin of the transaction that the session is for, if it begins with the first statement
   */
  constructor(
    context: object,
    sessions: Pick<SessionSource, 'acquire'>,
    begin: TransactionBegin | undefined,
  ) {
    this.#context = context
    this.#sessions = sessions
    this.#begin = begin
  }

  /** `undefined` before the first statement, and after the end. */
  get session(): Session | undefined {
    return this.#held?.session
  }

  /** The session, borrowed now if it is not there yet. */
  async borrow(signal: AbortSignal, fresh = false): Promise<Session> {
    if (this.#held !== undefined) return this.#held.session
    // For a transaction this was checked before it began.
    if (this.#begin === undefined) refuseNested(this.#context)
    try {
      return await this.lend(signal, fresh)
    } catch (error) {
      this.#begin?.noteFailure(error, signal)
      throw error
    }
  }

  /** The same, for a transaction on this session, which has made its own checks. */
  async lend(signal: AbortSignal, fresh = false): Promise<Session> {
    if (this.#held !== undefined) return this.#held.session
    // Nothing would give back what is borrowed now.
    if (this.#isReleased) throw released()
    this.#held = await this.#sessions.acquire(signal, fresh)
    return this.#held.session
  }

  /**
   * Runs `fn` on the session; once more on another when that one lay idle and turns out to have been
   * dead. What may leave something behind never runs again: that nothing arrived cannot be known.
   *
   * @param harmless whether it leaves nothing behind: a read, or a statement before COMMIT
   */
  async onLiving<T>(
    harmless: boolean,
    signal: AbortSignal,
    fn: (session: Session) => Promise<T>,
  ): Promise<T> {
    const isFirst = this.#held === undefined
    const session = this.#held?.session ?? (await this.borrow(signal))
    const isSuspect = isFirst && this.#held?.reused === true
    if (isSuspect) session.expectDeath()
    try {
      return await fn(session)
    } catch (error) {
      const hasBegun = this.#begin?.pending === false
      if (!isSuspect || !session.wasDead || hasBegun || !harmless || signal.aborted) throw error
    }
    this.#giveBack()
    this.#begin?.beginAgain()
    return await fn(await this.borrow(signal, true))
  }

  /** Gives the session back, if one was borrowed. It takes none after that. */
  release(): void {
    this.#isReleased = true
    this.#giveBack()
  }

  #giveBack(): void {
    this.#held?.release()
    this.#held = undefined
  }
}

function released(): DbError {
  return new DbError(
    'This connection was given back. Is an await missing on a query in its transaction, or was its trx kept?',
    { operation: 'query', code: 'transaction_ended', outcome: 'none' },
  )
}
