import {
  type Effect,
  io,
  type IoCall,
  type IoOptions,
  type Outcome,
  Semaphore,
} from '@yuzuru/concurrency'
import type {
  AbortableOperationOptions,
  CompiledQuery,
  DatabaseConnection,
  QueryResult,
} from 'kysely'
import type { DatabaseContext } from './database-context.ts'
import { readCursor } from './cursor.ts'
import { DbError } from './db-error.ts'
import { toParameter } from './parameter.ts'
import type { PgExchange, PgResult } from './pg-client.ts'
import type { Loan } from './pool.ts'
import type { AbortMode } from './session.ts'
import { commits, effectOf } from './statement-effect.ts'
import { refuseNested } from './transaction-state.ts'
import { translateError } from './translate-error.ts'

/** How a {@link Lease} runs a statement of our own. */
export interface StatementOptions {
  readonly effect: Effect
  readonly abort?: AbortMode
  readonly timeoutMs?: number
  readonly translate?: (error: unknown, outcome: Outcome) => Error
}

/** A COPY, as a {@link Lease} runs it. */
export interface CopyExchange extends PgExchange {
  readonly operation: 'copyIn' | 'copyOut'
  readonly writes: boolean
  /** Whether, outside a transaction, it may have taken effect by now. */
  readonly mayHaveHappened: boolean
}

const QUERIES: Readonly<Record<'read' | 'write', IoCall>> = {
  read: callFor('query', 'read'),
  write: callFor('query', 'write'),
}

/**
 * What Kysely takes for a connection. It borrows a session when the first statement needs one, so that
 * waiting for it and running the statement are one call to the outside.
 */
export class Lease implements DatabaseConnection {
  readonly #context: DatabaseContext
  /** A session runs one statement at a time; first come, first served. */
  readonly #turn = new Semaphore(1, { name: 'db connection' })
  #loan: Loan | undefined = undefined
  #wrote = false
  #copying = false

  constructor(context: DatabaseContext) {
    this.#context = context
  }

  /** Whether the server refuses all but a rollback, or is gone. */
  get failed(): boolean {
    const session = this.#loan?.session
    return session !== undefined && (session.lost || session.inFailedTransaction)
  }

  /** Whether a transaction is open on it. */
  get inTransaction(): boolean {
    const session = this.#loan?.session
    return session !== undefined && !session.lost && session.inTransaction
  }

  /** Whether a statement that may write ran on it. */
  get wrote(): boolean {
    return this.#wrote
  }

  /** @param guard called right before the statement is sent; throws to stop it */
  async executeQuery<R>(
    query: CompiledQuery,
    options?: AbortableOperationOptions,
    guard?: () => void,
  ): Promise<QueryResult<R>> {
    const writes = effectOf(query) === 'write'
    // In a transaction it is COMMIT that decides.
    const atomic = this.#loan?.session.inTransaction === true
    const reads = atomic ? !commits(query) : !writes
    const result = await io(QUERIES[reads ? 'read' : 'write'], options, (signal, progress) => {
      progress.sent = false
      this.refuseDuringCopy()
      return this.#inTurn(async () => {
        const { session } = await this.#borrow(signal)
        guard?.()
        const { sql: text, parameters } = query
        const values = parameters.map((value) => toParameter(value))
        progress.sent = !session.lost
        if (writes) this.#wrote = true
        return await session.query({ text, values, types: this.#context.types }, signal)
      })
    })
    return toQueryResult<R>(result)
  }

  /** Runs a COPY. The connection takes no other statement until it is over. */
  async copy(exchange: CopyExchange, options: IoOptions, guard?: () => void): Promise<PgResult> {
    const { operation, writes } = exchange
    const reads = !writes || this.#loan?.session.inTransaction === true
    return await io(callFor(operation, reads ? 'read' : 'write'), options, (signal, progress) => {
      progress.sent = false
      this.refuseDuringCopy()
      return this.#inTurn(async () => {
        const { session } = await this.#borrow(signal)
        guard?.()
        if (writes) this.#wrote = true
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
    const { effect, abort, timeoutMs, translate } = options
    return await io(callFor(operation, effect, translate), { timeoutMs }, (signal, progress) => {
      progress.sent = false
      return this.#inTurn(async () => {
        const { session } = await this.#borrow(signal)
        progress.sent = !session.lost
        return await session.query({ text, types: this.#context.types }, signal, abort)
      })
    })
  }

  streamQuery<R>(query: CompiledQuery, batchSize: number): AsyncIterableIterator<QueryResult<R>> {
    return readCursor<R>(this, query, batchSize)
  }

  /** Gives the session back, if one was borrowed. */
  release(): void {
    this.#loan?.release()
    this.#loan = undefined
  }

  async #inTurn<T>(fn: () => Promise<T>): Promise<T> {
    using _turn = this.#turn.tryAcquire() ?? (await this.#turn.acquire())
    return await fn()
  }

  async #borrow(signal: AbortSignal): Promise<Loan> {
    if (this.#loan !== undefined) return this.#loan
    refuseNested(this.#context)
    this.#loan = await this.#context.sessions.acquire(signal)
    return this.#loan
  }
}

function callFor(
  operation: string,
  effect: Effect,
  translate?: (error: unknown, outcome: Outcome) => Error,
): IoCall {
  return {
    boundary: 'db',
    operation,
    effect,
    translate: translate ?? ((error, outcome) => translateError(operation, error, outcome)),
  }
}

const COUNTING = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

function toQueryResult<R>({ command, rowCount, rows }: PgResult): QueryResult<R> {
  if (!COUNTING.has(command)) return { rows: rows as R[] }
  return { rows: rows as R[], numAffectedRows: BigInt(rowCount ?? 0) }
}
