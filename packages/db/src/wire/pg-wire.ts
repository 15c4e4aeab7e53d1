import { EventEmitter } from 'node:events'
import { Socket } from 'node:net'
import type { CancelTarget } from './cancel-request.ts'
import type { PgClientLike, PgQuery, PgResult } from './pg-client.ts'
import { noteValues } from './server-error.ts'

/** A statement that speaks the protocol itself. pg calls its hooks with the server's messages. */
export interface Submittable {
  submit(connection: never): unknown
}

/** A setting, as the server reports it. */
export interface ParameterStatus {
  readonly parameterName: string
  readonly parameterValue: string
}

/**
 * One connection of pg, and the only access to its internals: the socket, the messages that pg passes on,
 * the key for a cancel. All other files go through this class. `pg-internals.ts` lists the internals that
 * are used.
 */
export class PgWire {
  readonly #client: PgClientLike
  /** Whether several statements may be sent in one round trip. */
  readonly takesBatches: boolean

  constructor(client: PgClientLike) {
    this.#client = client
    this.takesBatches = takesBatches(client)
  }

  /** The process id of the backend, or the one that a pooler made up; `0` before it is known. */
  get processId(): number {
    return this.#client.processID ?? 0
  }

  /** `I` idle, `T` in a transaction, `E` in a failed one; `null` before the first ReadyForQuery. */
  get transactionStatus(): string | null {
    return this.#client.getTransactionStatus()
  }

  /** How many bytes have arrived from the server; `0` if pg has no socket. */
  get bytesRead(): number {
    const stream = this.#client.connection?.stream
    return stream instanceof Socket ? stream.bytesRead : 0
  }

  /** The address and the key for a CancelRequest of this connection. */
  get cancelTarget(): CancelTarget {
    const { host, port, ssl, secretKey, connection } = this.#client
    const stream = connection?.stream
    const address = stream instanceof Socket ? stream.remoteAddress : undefined
    const { processId } = this
    return { host, address, port, ssl, processId, secretKey: secretKey ?? 0 }
  }

  /** Runs a statement as pg does. pg copies a `PgQuery`, but takes the two arguments as they are. */
  query(query: PgQuery): Promise<PgResult | PgResult[]>
  query(text: string, values: unknown[] | undefined): Promise<PgResult | PgResult[]>
  query(query: string | PgQuery, values?: unknown[]): Promise<PgResult | PgResult[]> {
    const given = typeof query === 'string' ? values : query.values
    const result =
      typeof query === 'string' ? this.#client.query(query, values) : this.#client.query(query)
    if ((given ?? []).length > 0) result.catch(noteValues)
    return result
  }

  /** Queues a statement that speaks the protocol itself: pg calls its `submit` when it is its turn. */
  submit(statement: Submittable): void {
    const client: { query(statement: unknown): unknown } = this.#client
    client.query(statement)
  }

  /** Sends messages without pg's queue. If the connection is lost, that is reported separately. */
  write(messages: Buffer): void {
    const stream = this.#client.connection?.stream
    if (stream?.writable === true) stream.write(messages)
  }

  /** Calls `heard` when the connection is lost or closed, maybe more than once. */
  onLost(heard: () => void): void {
    // Without a listener, Node would end the process when the server closes the connection.
    this.#client.on('error', () => {
      heard()
      // A server that broke the protocol, or announced its end, need not close the connection by itself.
      this.#client.connection?.stream.destroy()
    })
    this.#client.on('end', heard)
  }

  /** Calls `heard` whenever the connection becomes idle. */
  onIdle(heard: () => void): void {
    this.#client.on('drain', heard)
  }

  /** Calls `heard` with each notification (`LISTEN`). */
  onNotification(heard: (message: { readonly payload?: string }) => void): void {
    this.#client.on('notification', heard)
  }

  /** Calls `heard` at each ReadyForQuery; pg passes it to a statement only if that did not fail. */
  onReady(heard: () => void): void {
    this.#onMessage('readyForQuery', heard)
  }

  /** Calls `heard` with each setting that the server reports. */
  onParameter(heard: (message: ParameterStatus) => void): void {
    this.#onMessage('parameterStatus', heard)
  }

  #onMessage(name: string, heard: (message: ParameterStatus) => void): void {
    const connection: object | undefined = this.#client.connection
    if (connection instanceof EventEmitter) connection.on(name, heard)
  }

  /** Says goodbye to the server and closes the connection. */
  end(): Promise<void> {
    return this.#client.end()
  }

  /** Closes the connection at once, whatever the server is doing. */
  destroy(): void {
    const stream = this.#client.connection?.stream
    if (stream === undefined) void this.#client.end().catch(() => undefined)
    else stream.destroy()
  }
}

/** Whether batches may be sent through this client: it speaks the protocol itself, in pg's manner. */
function takesBatches(client: PgClientLike): boolean {
  const connection: object | undefined = client.connection
  if (connection === undefined || ('pipeline' in client && client.pipeline === true)) return false
  return 'sendCopyFail' in connection && 'sync' in connection
}
