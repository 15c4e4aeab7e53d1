import {
  type Effect,
  io,
  type IoOptions,
  type IoProgress,
  type Outcome,
  shield,
} from '@yuzuru/concurrency'
import type { AbortableOperationOptions, CompiledQuery, QueryResult } from 'kysely'
import type { SessionSource } from '../connections/session-source.ts'
import type { AbortMode, Session } from '../connections/session.ts'
import type { CopyExchange } from '../wire/copy-exchange.ts'
import { DbError } from '../wire/db-error.ts'
import type { PgResult } from '../wire/pg-client.ts'
import type { DatabaseContext } from './database-context.ts'
import { HeldSession } from './held-session.ts'
import { KnownTexts } from './known-texts.ts'
import { refuseNested } from './nested-use.ts'
import { hasOwnTypes, readOwnTypes } from './own-types.ts'
import { isPlainRead } from './plain-read.ts'
import { toQueryResult } from './query-result.ts'
import { mayChangeSession, maySpoilSession } from './session-change.ts'
import { type Statement, statementOf } from './statement.ts'
import { callFor, queryCall } from './statement-call.ts'
import { commits, effectOf } from './statement-effect.ts'
import type { TransactionBegin } from './transaction-begin.ts'
import { Turns } from './turns.ts'

/** How a {@link Lease} runs a statement of our own. */
export interface StatementOptions {
  readonly effect: Effect
  readonly abort?: AbortMode | undefined
  readonly timeoutMs?: number | undefined
  readonly translate?: ((error: unknown, outcome: Outcome) => Error) | undefined
  /** Throws when the answer says that what was asked for has not been done. */
  readonly check?: ((result: PgResult) => void) | undefined
}

/**
 * A session for a time: of one query, or of a transaction. It borrows the session when the first
 * statement needs one, so that waiting for it and running the statement are one call to the outside, and
 * runs one statement at a time.
 */
export class Lease {
  readonly #context: DatabaseContext
  /** Of the transaction that it is for, if that begins with its first statement. */
  readonly #begin: TransactionBegin | undefined
  readonly #held: HeldSession
  readonly #turns = new Turns()
  #mayHaveWritten = false
  /** Whether text has run on it that commits. */
  #hasCommitted = false
  #isCopying = false

  /** @param sessions where its session comes from: those of the database, by default */
  constructor(
    context: DatabaseContext,
    begin?: TransactionBegin,
    sessions: Pick<SessionSource, 'acquire'> = context.sessions,
  ) {
    this.#context = context
    this.#begin = begin
    this.#held = new HeldSession(context, sessions, begin)
  }

  /** Lends its session to a transaction, once what runs on it has ended. */
  lend(): Pick<SessionSource, 'acquire'> {
    return {
      acquire: (signal) =>
        this.#turns.take(async () => {
          const session = await this.#held.lend(signal)
          // One that is lent is not changed for another: what was set on it is what it is lent for.
          return { session, reused: false, release: () => undefined }
        }),
    }
  }

  /** Whether it has a session. */
  get holdsSession(): boolean {
    return this.#held.session !== undefined
  }

  /** Whether the server refuses all but a rollback, or is gone. */
  get failed(): boolean {
    if (this.#begin?.failure !== undefined) return true
    const { session } = this.#held
    return session !== undefined && (session.lost || session.inFailedTransaction)
  }

  /** Whether a transaction is open on the server. */
  get inTransaction(): boolean {
    const { session } = this.#held
    return session !== undefined && !session.lost && session.inTransaction
  }

  /** Whether its transaction was ended by a statement in it, such as a COMMIT that was written by hand. */
  get endedByHand(): boolean {
    const { session } = this.#held
    const hasBegun = this.#begin?.pending === false && this.#begin.failure === undefined
    return hasBegun && session !== undefined && !session.lost && !session.inTransaction
  }

  /** Whether what runs next runs in a transaction, be it one that begins with it. */
  get isAtomic(): boolean {
    return this.#begin?.pending === true || this.#held.session?.inTransaction === true
  }

  /** The transaction's id, if it is known; `null` on a server that gives out none. */
  get transactionId(): string | null | undefined {
    return this.#begin?.transactionId
  }

  /** Whether a statement ran on it that is not known to only read. */
  get mayHaveWritten(): boolean {
    return this.#mayHaveWritten
  }

  /** @param guard called right before the statement is sent; throws to stop it */
  async executeQuery<R>(
    query: CompiledQuery,
    options?: AbortableOperationOptions,
    guard?: () => void,
  ): Promise<QueryResult<R>> {
    const result = await io(queryCall(query, this.isAtomic), options, (signal, progress) =>
      this.run(query, signal, progress, guard),
    )
    return toQueryResult<R>(result, query)
  }

  /** Runs a query within a call to the outside that its caller has begun. */
  run(
    query: CompiledQuery,
    signal: AbortSignal,
    progress: IoProgress,
    guard?: () => void,
  ): Promise<PgResult> {
    progress.sent = false
    const statement = statementOf(query, this.#context.types)
    this.refuseDuringCopy()
    return this.#turns.take(async () => {
      const along = this.#readAlong(query, statement, signal)
      const shared = along === undefined ? undefined : await along
      if (shared !== undefined) return this.#readable(shared, signal)
      const harmless = queryCall(query, this.isAtomic).effect === 'read'
      const result = await this.#held.onLiving(harmless, signal, (session) => {
        guard?.()
        this.refuseEndedByHand()
        progress.sent = !session.lost
        return this.#send(session, query, statement, signal)
      })
      return this.#readable(result, signal)
    })
  }

  /** Runs a COPY. The connection takes no other statement until it is over. */
  async copy(exchange: CopyExchange, options: IoOptions, guard?: () => void): Promise<PgResult> {
    const { operation, writes } = exchange
    const reads = !writes || this.isAtomic
    return await io(callFor(operation, reads ? 'read' : 'write'), options, (signal, progress) => {
      progress.sent = false
      this.refuseDuringCopy()
      return this.#turns.take(async () => {
        const session = await this.#held.borrow(signal)
        guard?.()
        this.refuseEndedByHand()
        await this.#begin?.send(session, signal)
        if (writes) this.#mayHaveWritten = true
        this.#isCopying = true
        try {
          return await session.query(exchange, signal)
        } finally {
          this.#isCopying = false
          progress.sent = exchange.mayHaveHappened
        }
      })
    })
  }

  /**
   * Throws while a COPY is under way: what feeds the COPY, or reads what it sends, would wait for its end
   * and so for itself.
   *
   * @throws {DbError} `copy_in_progress`
   */
  refuseDuringCopy(): void {
    if (!this.#isCopying) return
    throw new DbError(
      'A COPY is under way in this transaction: it takes nothing else until its end',
      { operation: 'query', code: 'copy_in_progress', outcome: 'none' },
    )
  }

  /**
   * Throws where the transaction was ended by a statement in it: what comes after that would run by itself, and a
   * COMMIT would confirm nothing.
   *
   * @throws {DbError} `transaction_ended`
   */
  refuseEndedByHand(): void {
    if (!this.endedByHand) return
    throw new DbError(
      'The transaction was ended by a statement of its function: it takes no COMMIT or ROLLBACK of its own. Return to commit, throw to roll back',
      {
        operation: 'query',
        code: 'transaction_ended',
        outcome: this.#hasCommitted ? 'unknown' : 'none',
      },
    )
  }

  /** Runs text of our own: BEGIN, COMMIT and the like. */
  statement(operation: string, text: string, options: StatementOptions): Promise<PgResult> {
    const { effect, abort, timeoutMs, translate, check } = options
    const { types } = this.#context
    return io(callFor(operation, effect, translate), { timeoutMs }, (signal, progress) => {
      progress.sent = false
      return this.#turns.take(async () => {
        const result = await this.#held.onLiving(effect === 'read', signal, (session) => {
          progress.sent = !session.lost
          return session.query({ text, types }, signal, abort)
        })
        check?.(result)
        return this.#readable(result, signal)
      })
    })
  }

  /** Begins the transaction without waiting for its first statement. */
  async begin(): Promise<void> {
    const begin = this.#begin
    if (begin?.pending !== true) return
    await io(callFor('begin', 'read'), undefined, (signal, progress) => {
      progress.sent = false
      return this.#turns.take(() =>
        this.#held.onLiving(true, signal, (session) => begin.send(session, signal)),
      )
    })
  }

  /** Waits for what is under way, if that may be what begins the transaction. */
  async settled(timeoutMs: number): Promise<void> {
    if (this.#begin?.pending !== true || !this.#turns.isTaken) return
    await shield(() => this.#turns.take(async () => undefined), { name: 'settle', timeoutMs })
  }

  /** Gives the session back, if one was borrowed. It takes none after that. */
  release(): void {
    this.#held.release()
  }

  /** Sends a read along with others, if it may and can. */
  #readAlong(
    query: CompiledQuery,
    statement: Statement,
    signal: AbortSignal,
  ): Promise<PgResult | undefined> | undefined {
    const { reads } = this.#context
    // A session that is held may have a setting that the read depends on.
    if (reads === undefined || this.holdsSession || this.#begin !== undefined) return undefined
    if (!isPlainRead(query)) return undefined
    refuseNested(this.#context)
    return reads.read(statement, signal)
  }

  #send(
    session: Session,
    query: CompiledQuery,
    statement: Statement,
    signal: AbortSignal,
  ): Promise<PgResult> {
    if (mayChangeSession(query)) session.noteChange(maySpoilSession(query))
    if (effectOf(query) === 'write' && discarding.is(query)) session.transactionIds.forget()
    // Whether it writes matters only at the end of a transaction.
    if (!this.isAtomic) return session.query(statement, signal)
    const mayWrite = !isPlainRead(query)
    if (mayWrite) this.#mayHaveWritten = true
    if (mayWrite && commits(query)) this.#hasCommitted = true
    if (this.#begin === undefined) return session.query(statement, signal)
    return this.#begin.query(session, statement, signal, mayWrite)
  }

  #readable(result: PgResult, signal: AbortSignal): PgResult | Promise<PgResult> {
    const { types } = this.#context
    if (!hasOwnTypes(result, types)) return result
    return readOwnTypes(result, types, signal, () => this.#held.borrow(signal))
  }
}

/** Whether it throws away prepared statements. */
const discarding = new KnownTexts<CompiledQuery>(({ sql }) => /\b(deallocate|discard)\b/i.test(sql))
