import {
  type Effect,
  io,
  type IoOptions,
  type IoProgress,
  type Outcome,
  shield,
} from '@yuzuru/concurrency'
import { type Permit, Semaphore } from '@yuzuru/concurrency/sync'
import type {
  AbortableOperationOptions,
  CompiledQuery,
  DatabaseConnection,
  QueryResult,
} from 'kysely'
import type { DatabaseContext } from './database-context.ts'
import { toQueryResult } from './query-result.ts'
import { callFor, queryCall } from './statement-call.ts'
import { readCursor } from './cursor.ts'
import { DbError } from '../wire/db-error.ts'
import type { PgExchange, PgResult } from '../wire/pg-client.ts'
import { isPlainRead } from './plain-read.ts'
import type { Loan, SessionSource } from '../connections/pool.ts'
import type { AbortMode, Session } from '../connections/session.ts'
import { mayChangeSession } from '../connections/session-change.ts'
import { type Statement, statementOf } from './statement.ts'
import { effectOf } from './statement-effect.ts'
import type { TransactionBegin } from './transaction-begin.ts'
import { refuseNested, type TransactionState } from '../transactions/transaction-state.ts'

/** How a {@link Lease} runs a statement of our own. */
export interface StatementOptions {
  readonly effect: Effect
  readonly abort?: AbortMode
  readonly timeoutMs?: number
  readonly translate?: (error: unknown, outcome: Outcome) => Error
  /** Throws when the answer says that what was asked for has not been done. */
  readonly check?: (result: PgResult) => void
}

/** A COPY, as a {@link Lease} runs it. */
export interface CopyExchange extends PgExchange {
  readonly operation: 'copyIn' | 'copyOut'
  readonly writes: boolean
  /** Whether, outside a transaction, it may have taken effect by now. */
  readonly mayHaveHappened: boolean
}

/**
 * What Kysely takes for a connection. It borrows a session when the first statement needs one, so that
 * waiting for it and running the statement are one call to the outside.
 */
export class Lease implements DatabaseConnection {
  readonly #context: DatabaseContext
  /** A session runs one statement at a time; first come, first served. */
  #turn: Semaphore | undefined = undefined
  /** Whether somebody is at it without a permit: there is no line until a second one comes. */
  #alone = false
  #first: Permit | undefined = undefined
  /** The transaction that it is for, if it begins with its first statement. */
  readonly #begin: TransactionBegin | undefined
  #loan: Loan | undefined = undefined
  readonly #sessions: Pick<SessionSource, 'acquire'>
  #released = false
  #mayHaveWritten = false
  #copying = false
  /** The transaction that is open on it, if that is not {@link Lease.#begin}'s: Kysely's, or one it is lent to. */
  transaction: TransactionState | undefined = undefined

  /** @param sessions where its session comes from: those of the database, by default */
  constructor(
    context: DatabaseContext,
    begin?: TransactionBegin,
    sessions: Pick<SessionSource, 'acquire'> = context.sessions,
  ) {
    this.#context = context
    this.#begin = begin
    this.#sessions = sessions
  }

  /** Lends its session to a transaction, once what runs on it has ended. */
  readonly lent: Pick<SessionSource, 'acquire'> = {
    acquire: (signal) =>
      this.#inTurn(async () => {
        this.#loan ??= await this.#acquire(signal)
        // One that is lent is not changed for another: what was set on it is what it is lent for.
        return { session: this.#loan.session, reused: false, release: () => undefined }
      }),
  }

  /** Whether it has a session. */
  get holdsSession(): boolean {
    return this.#loan !== undefined
  }

  /** Whether the server refuses all but a rollback, or is gone. */
  get failed(): boolean {
    if (this.#begin?.failure !== undefined) return true
    const session = this.#loan?.session
    return session !== undefined && (session.lost || session.inFailedTransaction)
  }

  /** Whether a transaction is open on the server. */
  get inTransaction(): boolean {
    const session = this.#loan?.session
    return session !== undefined && !session.lost && session.inTransaction
  }

  /** Whether what runs next runs in a transaction, be it one that begins with it. */
  get isAtomic(): boolean {
    return this.#begin?.pending === true || this.#loan?.session.inTransaction === true
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
    return this.#inTurn(async () => {
      const along = this.#readAlong(query, statement, signal)
      const shared = along === undefined ? undefined : await along
      if (shared !== undefined) {
        return this.#isRead(shared) ? shared : await this.#read(shared, signal)
      }
      const harmless = queryCall(query, this.isAtomic).effect === 'read'
      const result = await this.#onLiving(harmless, signal, async (session) => {
        guard?.()
        progress.sent = !session.lost
        return await this.#send(session, query, statement, signal)
      })
      return this.#isRead(result) ? result : await this.#read(result, signal)
    })
  }

  /** Runs a COPY. The connection takes no other statement until it is over. */
  async copy(exchange: CopyExchange, options: IoOptions, guard?: () => void): Promise<PgResult> {
    const { operation, writes } = exchange
    const reads = !writes || this.isAtomic
    return await io(callFor(operation, reads ? 'read' : 'write'), options, (signal, progress) => {
      progress.sent = false
      this.refuseDuringCopy()
      return this.#inTurn(async () => {
        const session = await this.#borrow(signal)
        guard?.()
        await this.#begin?.send(session, signal)
        if (writes) this.#mayHaveWritten = true
        this.#copying = true
        try {
          return await session.query(exchange, signal)
        } finally {
          this.#copying = false
          progress.sent = exchange.mayHaveHappened
        }
      })
    })
  }

  /**
   * Refuses what would have to wait for the end of a COPY: what feeds the COPY, or reads what it sends,
   * would wait for itself.
   *
   * @throws {DbError} `copy_in_progress`
   */
  refuseDuringCopy(): void {
    if (!this.#copying) return
    throw new DbError(
      'A COPY is under way in this transaction: it takes nothing else until its end',
      {
        operation: 'query',
        code: 'copy_in_progress',
        outcome: 'none',
      },
    )
  }

  /** Runs text of our own: BEGIN, COMMIT and the like. */
  async statement(operation: string, text: string, options: StatementOptions): Promise<PgResult> {
    const { effect, abort, timeoutMs, translate, check } = options
    return await io(callFor(operation, effect, translate), { timeoutMs }, (signal, progress) => {
      progress.sent = false
      return this.#inTurn(async () => {
        const result = await this.#onLiving(effect === 'read', signal, async (session) => {
          progress.sent = !session.lost
          return await session.query({ text, types: this.#context.types }, signal, abort)
        })
        check?.(result)
        return this.#isRead(result) ? result : await this.#read(result, signal)
      })
    })
  }

  /** Begins the transaction without waiting for its first statement. */
  async begin(): Promise<void> {
    const begin = this.#begin
    if (begin?.pending !== true) return
    await io(callFor('begin', 'read'), undefined, (signal, progress) => {
      progress.sent = false
      return this.#inTurn(() =>
        this.#onLiving(true, signal, (session) => begin.send(session, signal)),
      )
    })
  }

  /** Waits for what is under way, if that may be what begins the transaction. */
  async settled(timeoutMs: number): Promise<void> {
    if (this.#begin?.pending !== true || !this.#isTaken) return
    await shield(() => this.#inTurn(async () => undefined), { name: 'settle', timeoutMs })
  }

  streamQuery<R>(query: CompiledQuery, batchSize: number): AsyncIterableIterator<QueryResult<R>> {
    return readCursor<R>(this, query, batchSize)
  }

  #acquire(signal: AbortSignal, fresh = false): Promise<Loan> {
    // Nobody would give back what is borrowed now.
    if (this.#released) throw connectionReleased()
    return this.#sessions.acquire(signal, fresh)
  }

  /** Gives the session back, if one was borrowed. It takes none after that. */
  release(): void {
    this.#released = true
    this.#giveBack()
  }

  #giveBack(): void {
    this.#loan?.release()
    this.#loan = undefined
  }

  async #inTurn<T>(fn: () => Promise<T>): Promise<T> {
    if (this.#turn === undefined && !this.#alone) {
      this.#alone = true
      try {
        return await fn()
      } finally {
        this.#alone = false
        this.#first?.[Symbol.dispose]()
      }
    }
    if (this.#turn === undefined) {
      this.#turn = new Semaphore(1, { name: 'db connection' })
      this.#first = this.#turn.tryAcquire()
    }
    using _turn = this.#turn.tryAcquire() ?? (await this.#turn.acquire())
    return await fn()
  }

  get #isTaken(): boolean {
    return this.#alone || this.#turn?.available === 0
  }

  /** Sends a read along with others, if it may and can. */
  #readAlong(
    query: CompiledQuery,
    statement: Statement,
    signal: AbortSignal,
  ): Promise<PgResult | undefined> | undefined {
    const { reads } = this.#context
    // Whoever holds a session may have set something on it that the read depends on.
    if (reads === undefined || this.#loan !== undefined || this.#begin !== undefined)
      return undefined
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
    if (mayChangeSession(query)) session.noteChange()
    if (effectOf(query) === 'write' && DISCARDS.test(query.sql)) session.transactionIds.forget()
    // Whether it writes is asked at the end of a transaction alone.
    if (!this.isAtomic) return session.query(statement, signal)
    const mayWrite = !isPlainRead(query)
    if (mayWrite) this.#mayHaveWritten = true
    if (this.#begin === undefined) return session.query(statement, signal)
    return this.#begin.query(session, statement, signal, mayWrite)
  }

  #isRead({ fields }: PgResult): boolean {
    return fields === undefined || !this.#context.types.catalogue.concerns(fields)
  }

  /** Reads what the database's own types have left as text, with the help of its catalogue. */
  async #read(result: PgResult, signal: AbortSignal): Promise<PgResult> {
    const { types } = this.#context
    const { fields = [], rows } = result
    await types.catalogue.read(fields, rows, async (text, oids) => {
      const session = await this.#borrow(signal)
      return (await session.query({ text, values: [[...oids]], types }, signal)).rows
    })
    return result
  }

  /**
   * Runs `fn` on the session; once more on another when that one lay idle and turns out to have been
   * dead. What may leave something behind never runs again: that nothing arrived cannot be known.
   *
   * @param harmless whether it leaves nothing behind: a read, or a statement before COMMIT
   */
  async #onLiving<T>(
    harmless: boolean,
    signal: AbortSignal,
    fn: (session: Session) => Promise<T>,
  ): Promise<T> {
    const isFirst = this.#loan === undefined
    const session = await this.#borrow(signal)
    const isSuspect = isFirst && this.#loan?.reused === true
    if (isSuspect) session.expectDeath()
    try {
      return await fn(session)
    } catch (error) {
      const begun = this.#begin?.pending === false
      if (!isSuspect || !session.wasDead || begun || !harmless || signal.aborted) throw error
    }
    this.#giveBack()
    this.#begin?.beginAgain()
    return await fn(await this.#borrow(signal, true))
  }

  async #borrow(signal: AbortSignal, fresh = false): Promise<Session> {
    if (this.#loan !== undefined) return this.#loan.session
    // A transaction was refused, if it had to be, before it began.
    if (this.#begin === undefined) refuseNested(this.#context)
    try {
      this.#loan = await this.#acquire(signal, fresh)
    } catch (error) {
      this.#begin?.noteFailure(error, signal)
      throw error
    }
    return this.#loan.session
  }
}

function connectionReleased(): DbError {
  return new DbError(
    'This connection was given back. Is an await missing on a query in its transaction, or was its trx kept?',
    { operation: 'query', code: 'transaction_ended', outcome: 'none' },
  )
}

/** What throws away prepared statements. */
const DISCARDS = /\b(deallocate|discard)\b/i
