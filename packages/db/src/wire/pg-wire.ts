import { EventEmitter } from 'node:events'
import { Socket } from 'node:net'
import type { CancelTarget } from './cancel-request.ts'
import type { PgClientLike, PgQuery, PgResult } from './pg-client.ts'

/** What speaks the protocol itself; pg calls its hooks with what the server says. */
export interface Submittable {
  submit(connection: never): unknown
}

/** A setting, as the server reports it. */
export interface ParameterStatus {
  readonly parameterName: string
  readonly parameterValue: string
}

/**
 * One connection of pg, and the only door to its insides: the socket, the messages that pg passes on, the
 * key that cancels. Everything else in this package asks here. `pg-internals.ts` lists what is reached.
 */
export class PgWire {
  readonly #client: PgClientLike
  /** Whether several statements may be sent in one round trip. */
  readonly takesBatches: boolean

  constructor(client: PgClientLike) {
    this.#client = client
    this.takesBatches = takesBatches(client)
  }

  /** The backend's process id, or the one that a pooler between gave out; `0` before it is known. */
  get processId(): number {
    return this.#client.processID ?? 0
  }

  /** `I` idle, `T` in a transaction, `E` in a failed one; `null` before the first ReadyForQuery. */
  get transactionStatus(): string | null {
    return this.#client.getTransactionStatus()
  }

  /** How many bytes have come from the server; `0` where pg has no socket to ask. */
  get bytesRead(): number {
    const stream = this.#client.connection?.stream
    return stream instanceof Socket ? stream.bytesRead : 0
  }

  /** Where a CancelRequest for this connection goes, and its key. */
  get cancelTarget(): CancelTarget {
    const { host, port, ssl, secretKey, connection } = this.#client
    const stream = connection?.stream
    const address = stream instanceof Socket ? stream.remoteAddress : undefined
    const { processId } = this
    return { host, address, port, ssl, processId, secretKey: secretKey ?? 0 }
  }

  /** Runs a statement as pg does. With a `PgQuery` pg copies it; the two arguments it takes as they are. */
  query(query: PgQuery): Promise<PgResult | PgResult[]>
  query(text: string, values: unknown[] | undefined): Promise<PgResult | PgResult[]>
  query(query: string | PgQuery, values?: unknown[]): Promise<PgResult | PgResult[]> {
    return typeof query === 'string' ? this.#client.query(query, values) : this.#client.query(query)
  }

  /** Puts what speaks the protocol itself into pg's line: pg calls its `submit` when it is its turn. */
  submit(statement: Submittable): void {
    const client: { query(statement: unknown): unknown } = this.#client
    client.query(statement)
  }

  /** Sends messages past pg. A connection that is lost says so by itself. */
  write(messages: Buffer): void {
    const stream = this.#client.connection?.stream
    if (stream?.writable === true) stream.write(messages)
  }

  /** Calls `heard` when the connection is lost or closed, maybe more than once. */
  onLost(heard: () => void): void {
    // Without a listener, Node would end the process when the server closes the connection.
    this.#client.on('error', () => {
      heard()
      // What broke the protocol, or says that it ends, need not hang up by itself.
      this.#client.connection?.stream.destroy()
    })
    this.#client.on('end', heard)
  }

  /** Calls `heard` whenever nothing is under way any more. */
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
