import { Query } from 'pg'
import type { PgResult, PgTypes } from './pg-client.ts'
import { ProtocolError, violation } from './protocol-error.ts'
import { type Column, RowShape } from './row-shape.ts'
import { noteValues } from './server-error.ts'

/** A statement that one connection has prepared. */
export interface PreparedRead {
  readonly name: string
  /** Known from the first answer on. It does not change while the statement is prepared. */
  shape: RowShape | undefined
}

/** Callbacks for the end of a read. */
export interface ReadHandlers {
  /** The server is done with it. */
  done(read: PipelinedRead): void
  /** It failed, or the connection did. */
  failed(read: PipelinedRead, error: unknown): void
}

/**
 * One read on a pipelined connection. It is a `Query`, because pg queues nothing else on such a connection,
 * but it sends and reads by itself.
 */
export class PipelinedRead extends Query {
  readonly prepared: PreparedRead
  /** Whether its caller is still waiting. */
  isWanted = true
  /** Whether it was under way when another read was cancelled. */
  isExposed = false
  /** When it became the first in line. */
  since = 0
  /**
   * Tells whether a loss of the connection that came before this read has been noticed; only if the
   * connection was idle.
   */
  arrival: { readonly isOver: boolean } | undefined = undefined
  readonly signal: AbortSignal
  readonly #write: () => void
  readonly #types: PgTypes
  readonly #handlers: ReadHandlers
  readonly #answer = Promise.withResolvers<PgResult | undefined>()
  readonly #rows: Record<string, unknown>[] = []
  #wrongRow: unknown = undefined
  #completed = 0
  #onOver: (() => void) | undefined = undefined

  constructor(
    prepared: PreparedRead,
    types: PgTypes,
    signal: AbortSignal,
    write: () => void,
    handlers: ReadHandlers,
  ) {
    super('')
    this.prepared = prepared
    this.signal = signal
    this.#types = types
    this.#write = write
    this.#handlers = handlers
    this.submit = () => this.#write()
  }

  /** Resolves to `undefined` if it must be sent again, through the pool. */
  get answer(): Promise<PgResult | undefined> {
    return this.#answer.promise
  }

  /** Makes its caller send it again. Later answers of the server are ignored. */
  sendAgain(): void {
    this.isWanted = false
    this.#answer.resolve(undefined)
  }

  giveUp(error: unknown): void {
    this.isWanted = false
    this.#answer.reject(error)
  }

  /** Call it when the server is done with it. */
  leave(): void {
    this.#onOver?.()
  }

  /** Resolves when the server is done with it or `signal` fires. */
  over(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#onOver = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  /** pg puts a function there if it has a `query_timeout`. */
  #stopClock(): void {
    const { callback } = this as unknown as { readonly callback?: () => void }
    callback?.()
  }

  handleRowDescription({ fields }: { readonly fields: readonly Column[] }): void {
    this.prepared.shape ??= new RowShape(fields, this.#types)
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    if (!this.isWanted || this.#wrongRow !== undefined) return
    try {
      const row = this.prepared.shape?.read(fields)
      if (row !== undefined) this.#rows.push(row)
    } catch (error) {
      this.#wrongRow = error
    }
  }

  handleCommandComplete(): void {
    this.#completed += 1
  }

  handleEmptyQuery(): void {
    this.#completed += 1
  }

  handlePortalSuspended(): void {}

  handleError(error: unknown): void {
    noteValues(error)
    this.#stopClock()
    this.#handlers.failed(this, error)
  }

  handleReadyForQuery(): void {
    this.#stopClock()
    this.#handlers.done(this)
    if (this.#completed !== 1) this.#wrongRow ??= violation('it completed a read not once')
    if (this.#wrongRow === undefined) {
      const rows = this.#rows
      this.#answer.resolve({ command: 'SELECT', rowCount: rows.length, rows })
      return
    }
    this.giveUp(this.#wrongRow)
    // This fails the connection: a server whose answers do not match the statements is not asked again.
    if (this.#wrongRow instanceof ProtocolError) throw this.#wrongRow
  }
}
