import { detached, moveOnAfter } from '@yuzuru/concurrency'
import { Backend, type Question } from '../wire/backend.ts'
import type { PgClientLike, PgExchange, PgQuery, PgResult, PgTypes } from '../wire/pg-client.ts'
import { PgWire } from '../wire/pg-wire.ts'
import { PreparedStatements } from '../wire/prepared-statements.ts'
import { ProtocolError } from '../wire/protocol-error.ts'
import { isServerError } from '../wire/server-error.ts'
import { SessionSettings } from '../wire/session-settings.ts'
import { StatementBatch } from '../wire/statement-batch.ts'
import { TransactionIdQuery } from '../wire/transaction-id.ts'
import { DeathWatch } from './death-watch.ts'
import { isStopped, type Running, stopRunning } from './stop-running.ts'

/** What to do with a statement whose scope is cancelled. */
export type AbortMode =
  /** Ask the server to stop it, and wait until it has. */
  | 'cancel'
  /** Close the connection: for a statement that must not be cancelled. */
  | 'destroy'

/**
 * One connection to the server: runs a statement at a time, cancels it on the wire, and knows whether
 * it may be used again.
 */
export class Session {
  readonly wire: PgWire
  readonly #cancelTimeoutMs: number
  readonly #ownTypes: boolean
  readonly transactionIds: TransactionIdQuery
  readonly #settings: SessionSettings
  readonly #prepared: PreparedStatements
  readonly #running: Running = {
    isOver: () => !this.#busy,
    over: (signal) => this.#settled(signal),
  }
  #busy = false
  #lost = false
  #onReady: (() => void) | undefined = undefined
  #destroyed = false
  #watch: DeathWatch | undefined = undefined
  #wasDead = false
  #changed = false
  #spoiled = false

  /**
   * @param cancelTimeoutMs how long the server may take to stop, before the connection is closed
   * @param own whether the client is one of our own, made with our parsers
   */
  constructor(client: PgClientLike, cancelTimeoutMs: number, own = false) {
    this.wire = new PgWire(client)
    const backend = new Backend(this.wire, own)
    this.transactionIds = new TransactionIdQuery(backend)
    this.#prepared = new PreparedStatements(backend)
    this.#ownTypes = own
    this.#settings = new SessionSettings(this.wire)
    this.#cancelTimeoutMs = cancelTimeoutMs
    this.wire.onLost(() => this.#lose())
    this.wire.onIdle(() => this.#ready())
  }

  /** Whether several statements may be sent in one round trip. */
  get takesBatches(): boolean {
    return this.wire.takesBatches
  }

  /** Whether the connection is gone. */
  get lost(): boolean {
    return this.#lost
  }

  /**
   * Makes {@link Session.wasDead} say of the next statement whether the connection was dead before it. Call
   * it for a session that was idle, as servers and routers drop idle connections.
   */
  expectDeath(): void {
    this.#watch = new DeathWatch(this.wire)
  }

  /** Whether the connection was lost before the server can have begun the last statement. */
  get wasDead(): boolean {
    return this.#wasDead
  }

  /** Whether a transaction is open, including a failed one. */
  get inTransaction(): boolean {
    const status = this.wire.transactionStatus
    return status === 'T' || status === 'E'
  }

  /** Whether the open transaction failed, so that the server refuses all but a rollback. */
  get inFailedTransaction(): boolean {
    return this.wire.transactionStatus === 'E'
  }

  /** Whether another statement may use it: the connection is there, idle and in no transaction. */
  get reusable(): boolean {
    return !this.#lost && !this.#busy && this.wire.transactionStatus === 'I'
  }

  /**
   * Runs one statement, or several without parameters. Settles when the server is ready for the next
   * one and no cancel is under way.
   *
   * @throws what pg throws; `signal`'s reason when the statement ended because of it
   */
  query(
    query: PgQuery | PgExchange,
    signal: AbortSignal,
    mode: AbortMode = 'cancel',
  ): Promise<PgResult> {
    if ('submit' in query) return this.#run(() => this.#exchange(query, signal), signal, mode)
    if (this.takesBatches) return this.#batched(query, signal, mode)
    return this.#run(() => this.#send(query), signal, mode)
  }

  /** A batch for a statement. It uses the prepared statement, if there is one. */
  batchOf(query: PgQuery, before: readonly string[] = [], after?: Question): StatementBatch {
    const prepared = this.#prepared.find(query, before.length > 0 || this.inTransaction)
    const question = this.#prepared.takeQuestion()
    return new StatementBatch(query, before, after ?? question, prepared)
  }

  #batched(query: PgQuery, signal: AbortSignal, mode: AbortMode): Promise<PgResult> {
    const batch = this.batchOf(query)
    const result = this.batch(batch, signal, mode)
    return batch.goesByPrepared ? this.#renewed(result, batch, query, signal, mode) : result
  }

  /** Sends a statement once more, unprepared, when its prepared form was refused before it began. */
  async #renewed(
    result: Promise<PgResult>,
    batch: StatementBatch,
    query: PgQuery,
    signal: AbortSignal,
    mode: AbortMode,
  ): Promise<PgResult> {
    try {
      return await result
    } catch (error) {
      // In a transaction that has failed nothing can be sent again.
      if (batch.isBound || !isServerError(error) || !this.reusable) throw error
      return await this.batch(new StatementBatch(query), signal, mode)
    }
  }

  /** Runs several statements in one round trip, if {@link Session.takesBatches}; else as `query`. */
  batch(batch: StatementBatch, signal: AbortSignal, mode: AbortMode = 'cancel'): Promise<PgResult> {
    const send = (): Promise<PgResult> => {
      this.wire.submit(batch)
      return batch.done
    }
    return this.#run(send, signal, mode)
  }

  async #run(
    send: () => Promise<PgResult | PgResult[]>,
    signal: AbortSignal,
    mode: AbortMode,
  ): Promise<PgResult> {
    signal.throwIfAborted()
    if (this.#lost) throw new Error('Connection terminated before the statement')
    this.#busy = true
    let stopping: Promise<void> | undefined
    const stop = (): void => {
      if (mode === 'destroy') this.destroy()
      // The listener is called in the scope that cancelled, but it is awaited in this one.
      else stopping = detached(() => this.stop())
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      const result = await send()
      return Array.isArray(result) ? (result.at(-1) ?? EMPTY) : result
    } catch (error) {
      const isEarly = this.#watch?.isEarly === true
      // A server whose answers do not match the statements is not asked again.
      if (error instanceof ProtocolError) {
        this.#lose()
        this.wire.destroy()
      }
      // pg rejects at the ErrorResponse; the session is free only at the ReadyForQuery after it.
      await this.#settled()
      this.#wasDead = isEarly && this.#lost && !this.#destroyed
      if (stopping !== undefined && isStopped(error, this.#destroyed)) throw signal.reason
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
      this.#watch = undefined
      await stopping
    }
  }

  #send({ text, values, types }: PgQuery): Promise<PgResult | PgResult[]> {
    // pg copies a config object first, so pass text and values where the connection already has our
    // parsers.
    if (this.#ownTypes) return this.wire.query(text, values)
    return this.wire.query({ text, types, ...(values === undefined ? {} : { values }) })
  }

  #exchange(exchange: PgExchange, signal: AbortSignal): Promise<PgResult> {
    this.wire.submit(exchange)
    return exchange.run(signal)
  }

  /**
   * Notes that a statement may leave something behind for the next user.
   *
   * @param spoils whether no reset undoes that
   */
  noteChange(spoils: boolean): void {
    this.#changed = true
    this.#spoiled ||= spoils
    this.#prepared.suspend()
  }

  /** Whether it must be {@link Session.reset} before its next use. */
  get isChanged(): boolean {
    return this.#changed || this.#settings.isChanged
  }

  /** Whether no {@link Session.reset} makes it fit for another user. */
  get isSpoiled(): boolean {
    return this.#spoiled
  }

  /** Corrects the settings of how values are written and read, if the server has reported other ones. */
  async settle(signal: AbortSignal): Promise<void> {
    const { corrections } = this.#settings
    if (corrections.length > 0) {
      await this.query({ text: corrections.join('; '), types: NO_ROWS }, signal)
    }
    this.#settings.settle()
  }

  /** Resets the session to its initial state. @throws what pg throws; do not use the session again then */
  async reset(): Promise<void> {
    this.transactionIds.forget()
    this.#prepared.forget()
    const { expired } = await moveOnAfter(this.#cancelTimeoutMs, async ({ signal }) => {
      await this.query({ text: 'discard all', types: NO_ROWS }, signal, 'destroy')
      await this.settle(signal)
    })
    if (expired) throw new Error('Connection terminated: it could not be reset in time')
    this.#changed = false
  }

  /** Closes the connection at once, whatever the server is doing. */
  destroy(): void {
    this.#destroyed = true
    this.#lose()
    this.wire.destroy()
  }

  /** Says goodbye to the server and closes the connection. */
  async end(): Promise<void> {
    const { expired } = await moveOnAfter(this.#cancelTimeoutMs, async (scope) => {
      const destroy = (): void => this.destroy()
      scope.signal.addEventListener('abort', destroy, { once: true })
      await this.wire.end()
      scope.signal.removeEventListener('abort', destroy)
    })
    if (expired) this.destroy()
  }

  /**
   * Asks the server to stop what runs, again and again until it is over; closes the connection if that
   * takes too long.
   */
  async stop(running: Running = this.#running): Promise<void> {
    if (!(await stopRunning(this.wire, running, this.#cancelTimeoutMs))) this.destroy()
  }

  /** Resolves when the server is ready, the connection is gone, or `signal` fires. */
  #settled(signal?: AbortSignal): Promise<void> {
    if (!this.#busy) return Promise.resolve()
    return new Promise((resolve) => {
      const before = this.#onReady
      this.#onReady = () => {
        before?.()
        resolve()
      }
      signal?.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  #ready(): void {
    this.#busy = false
    this.#onReady?.()
    this.#onReady = undefined
  }

  #lose(): void {
    this.#lost = true
    this.#ready()
  }
}

/** For statements that give no rows. */
const NO_ROWS: PgTypes = { getTypeParser: () => (text) => text }

const EMPTY: PgResult = { command: '', rowCount: null, rows: [] }
