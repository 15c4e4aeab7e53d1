import { DbError } from '../wire/db-error.ts'
import type { PgQuery, PgResult, PgTypes } from '../wire/pg-client.ts'
import type { Session } from '../connections/session.ts'
import { translateError } from '../wire/translate-error.ts'

/**
 * A transaction that begins with its first statement: BEGIN goes out in the same round trip, and the
 * transaction's id is requested in that of the first statement that may write.
 */
export class TransactionBegin {
  readonly #statements: () => readonly string[]
  readonly #identifies: boolean
  readonly #types: PgTypes
  #pending = true
  #failure: unknown = undefined
  /** `null`: the server gives it none. */
  #id: string | null | undefined = undefined

  /**
   * @param statements BEGIN and what belongs to it, asked for when it is sent
   * @param identifies whether the id is wanted
   */
  constructor(statements: () => readonly string[], identifies: boolean, types: PgTypes) {
    this.#statements = statements
    this.#identifies = identifies
    this.#types = types
  }

  /** Whether BEGIN has not taken effect yet. */
  get pending(): boolean {
    return this.#pending
  }

  /** Why it could not begin. Nothing runs in it any more. */
  get failure(): unknown {
    return this.#failure
  }

  get transactionId(): string | null | undefined {
    return this.#id
  }

  /** @throws {DbError} `transaction_aborted` after a failure to begin */
  assertPossible(): void {
    if (this.#failure === undefined) return
    throw new DbError('The transaction could not begin, so nothing can run in it', {
      operation: 'query',
      code: 'transaction_aborted',
      outcome: 'none',
      cause: this.#failure,
    })
  }

  /** Notes that it could not begin; a cancel says nothing about whether it can. */
  noteFailure(error: unknown, signal: AbortSignal): void {
    if (this.#pending && !(signal.aborted && error === signal.reason)) this.#failure ??= error
  }

  /** Lets it begin on another connection, if it has not begun: the one that it was to begin on was dead. */
  beginAgain(): void {
    if (this.#pending) this.#failure = undefined
  }

  /** Runs a statement, with all that has to go before or after it. */
  query(
    session: Session,
    query: PgQuery,
    signal: AbortSignal,
    mayWrite: boolean,
  ): Promise<PgResult> {
    this.assertPossible()
    const identify = mayWrite && this.#identifies && this.#id === undefined && !ends(query)
    if (!this.#pending && !identify) return session.query(query, signal)
    return this.#query(session, query, signal, identify)
  }

  async #query(
    session: Session,
    query: PgQuery,
    signal: AbortSignal,
    identify: boolean,
  ): Promise<PgResult> {
    if (isScript(query) || !session.takesBatches) {
      await this.send(session, signal)
      return await session.query(query, signal)
    }
    const before = this.#pending ? this.#statements() : []
    const batch = session.batchOf(query, before, identify ? session.transactionIds : undefined)
    try {
      return await session.batch(batch, signal)
    } catch (error) {
      if (batch.completed >= before.length) throw error
      throw this.#failed(error, signal, batch.completed > 0)
    } finally {
      if (batch.completed > 0) this.#pending = false
      this.#id ??= batch.transactionId
    }
  }

  /** Sends it alone, if it was not sent yet. */
  async send(session: Session, signal: AbortSignal): Promise<void> {
    this.assertPossible()
    if (!this.#pending) return
    const text = this.#statements().join('; ')
    try {
      await session.query({ text, types: this.#types }, signal)
      this.#pending = false
    } catch (error) {
      throw this.#failed(error, signal, session.inTransaction)
    }
  }

  #failed(error: unknown, signal: AbortSignal, begun: boolean): unknown {
    if (begun) this.#pending = false
    if (signal.aborted && error === signal.reason) return error
    const failure = translateError('begin', error, 'none')
    this.noteFailure(failure, signal)
    return failure
  }
}

/** Whether it may be more than one statement, which the server takes only by themselves. */
function isScript({ text, values = [] }: PgQuery): boolean {
  return values.length === 0 && text.includes(';')
}

/** Whether a statement written by hand ends the transaction: there is none to identify then. */
function ends({ text }: PgQuery): boolean {
  return /^\s*(abort|commit|end|prepare\s+transaction|rollback(?!.*\bto\b))\b/i.test(text)
}
