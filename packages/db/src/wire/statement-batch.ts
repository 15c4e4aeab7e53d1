import type { Duplex } from 'node:stream'
import type { PgQuery, PgResult } from './pg-client.ts'
import { type Column, type RowShape, rowShapes } from './row-shape.ts'
import { violation } from './protocol-error.ts'
import type { Question } from './backend.ts'
import type { PreparedStatement } from './prepared-statements.ts'
import { isServerError, noteValues } from './server-error.ts'
import { executeMessages, queryMessages, scriptMessage, SYNC } from './wire-message.ts'
import { toWire } from './wire-value.ts'

/** The part of pg's `Connection` that a batch writes to. */
interface PgConnection {
  readonly stream: Duplex
  once(event: 'bindComplete', heard: () => void): unknown
  off(event: 'bindComplete', heard: () => void): unknown
  sync(): void
  sendCopyFail(reason: string): void
}

/** The answer to a statement so far. */
interface Answer {
  command: string
  rowCount: number | null
  rows: Record<string, unknown>[]
  fields: readonly Column[]
}

/**
 * A statement, with more before and after it in the same round trip. All stand before one Sync: the
 * server skips what comes after one that fails, so nothing runs outside a transaction whose BEGIN was
 * refused. pg calls it as it does its cursors; it costs less than pg's own `Query`, which writes each
 * message by itself.
 *
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
export class StatementBatch {
  readonly #before: readonly string[]
  readonly #query: PgQuery
  readonly #after: Question | undefined
  readonly #prepared: PreparedStatement | undefined
  readonly #done: PromiseWithResolvers<PgResult> = Promise.withResolvers()
  readonly #script: boolean
  /** Whether it uses a statement that was prepared before. */
  readonly goesByPrepared: boolean
  #answer: Answer = answer()
  #shape: RowShape | undefined = undefined
  #wrongRow: unknown = undefined
  #completed = 0
  #isBound = true
  #unwatch: (() => void) | undefined = undefined
  #transactionId: string | null | undefined = undefined

  /**
   * @param query without parameters, and alone, it may be several statements
   * @param before statements without parameters and rows: BEGIN and what belongs to it
   * @param after asks for the transaction's id, or for the backend's process id
   * @param prepared the prepared statement for the query, which may still have to be prepared
   */
  constructor(
    query: PgQuery,
    before: readonly string[] = [],
    after?: Question,
    prepared?: PreparedStatement,
  ) {
    this.#query = query
    this.#before = before
    this.#after = after
    this.#prepared = prepared
    const alone = before.length === 0 && after === undefined && prepared === undefined
    this.#script = alone && (query.values ?? []).length === 0
    const columns = prepared?.next()
    this.goesByPrepared = columns !== undefined
    if (columns !== undefined) this.#describe(columns)
  }

  /** How many of its statements the server has completed. */
  get completed(): number {
    return this.#completed
  }

  /** The transaction's id; `null` if it has none, `undefined` if the question was not reached. */
  get transactionId(): string | null | undefined {
    return this.#transactionId
  }

  /** The result of the query (the last one, if there are several), or the first error. */
  get done(): Promise<PgResult> {
    return this.#done.promise
  }

  /** Called by pg when it is this one's turn. */
  submit(connection: PgConnection): Error | null {
    const { stream } = connection
    try {
      if (this.goesByPrepared && this.#before.length === 0) this.#watchBind(connection)
      // If the connection is lost, that is reported separately.
      const message = this.#message()
      if (stream.writable) stream.write(message)
      return null
    } catch (error) {
      return error instanceof Error ? error : new TypeError('Expected a parameter that pg can send')
    }
  }

  /**
   * Whether the query may have begun, as its parameters were accepted. Before that it cannot have done
   * anything.
   */
  get isBound(): boolean {
    return this.#isBound
  }

  /**
   * Notes BindComplete. Without it a refused prepared statement would look like an error of a function that
   * the query calls.
   */
  #watchBind(connection: PgConnection): void {
    this.#isBound = false
    const heard = (): void => {
      this.#isBound = true
    }
    connection.once('bindComplete', heard)
    this.#unwatch = () => connection.off('bindComplete', heard)
  }

  #message(): Buffer {
    const { text, values = [], wire = values.map(toWire) } = this.#query
    if (this.#script) return scriptMessage(text)
    const prepared = this.#prepared?.messages(text, wire, !this.goesByPrepared)
    const query = prepared ?? [queryMessages(text, wire)]
    const after = this.#after === undefined ? [] : [this.#after.messages()]
    return Buffer.concat([...this.#before.map(executeMessages), ...query, ...after, SYNC])
  }

  /** pg replaces it to stop its `query_timeout`. */
  callback(): void {}

  handleRowDescription({ fields }: { readonly fields: readonly Column[] }): void {
    if (this.#answer.command !== '') this.#answer = answer()
    this.#describe(fields)
  }

  #describe(columns: readonly Column[]): void {
    this.#answer.fields = columns
    const { text, types } = this.#query
    this.#shape = rowShapes(types).of(text, columns)
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    if (!this.#inQuery) this.#transactionId = this.#after?.read(fields[0] ?? null)
    else if (this.#wrongRow === undefined) {
      try {
        const row = this.#shape?.read(fields)
        if (row !== undefined) this.#answer.rows.push(row)
      } catch (error) {
        this.#wrongRow = error
      }
    }
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    if (this.#inQuery) {
      if (this.#answer.command !== '') this.#answer = answer()
      const [, command = '', first, second] = DONE.exec(text) ?? []
      // The tag of an INSERT has an OID first, which is always 0 today.
      const count = second ?? first
      this.#answer.command = command
      this.#answer.rowCount = count === undefined ? null : Number(count)
    }
    this.#completed += 1
  }

  /** The server's answer to an empty text. */
  handleEmptyQuery(): void {
    this.#completed += 1
  }

  handlePortalSuspended(): void {}

  /** `copy … from stdin`, for which there is nothing to send. */
  handleCopyInResponse(connection: PgConnection): void {
    connection.sendCopyFail('No source stream defined')
    // The server ignored the Sync that it received while it waited for data.
    if (!this.#script) connection.sync()
  }

  handleCopyData(): void {}

  handleError(error: unknown): void {
    this.callback()
    this.#unwatch?.()
    // Whatever the error was, the next use must not fail because of the prepared statement.
    this.#prepared?.forget()
    if (isServerError(error) && error.code === '26000') this.#after?.forget()
    if (hasValues(this.#query)) noteValues(error)
    this.#done.reject(error)
  }

  handleReadyForQuery(): void {
    this.callback()
    const wrong = this.#wrongRow ?? this.#wrongCount
    if (wrong !== undefined) return this.#done.reject(wrong)
    this.#prepared?.hear(this.#answer.fields)
    this.#done.resolve(this.#answer)
  }

  /** The error if the server became ready without having completed all statements. */
  get #wrongCount(): unknown {
    const after = this.#after === undefined ? 0 : 1
    const sent = this.#before.length + 1 + after
    if (this.#script ? this.#completed > 0 : this.#completed === sent) return undefined
    return violation('it completed more statements, or fewer, than were sent')
  }

  get #inQuery(): boolean {
    return this.#script || this.#completed === this.#before.length
  }
}

/** A cursor's query had its values when it was declared. */
function hasValues({ text, values = [] }: PgQuery): boolean {
  return values.length > 0 || text.startsWith('fetch ')
}

function answer(): Answer {
  return { command: '', rowCount: null, rows: [], fields: [] }
}

/** The tag of a completed statement: `SELECT 5`, `INSERT 0 1`, `BEGIN`. */
const DONE = /^([A-Za-z]+)(?: (\d+))?(?: (\d+))?/
