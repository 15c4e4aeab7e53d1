import type { Duplex } from 'node:stream'
import type { WireValue } from './wire-value.ts'

/** What pg answers to one statement. */
export interface PgResult {
  readonly command: string
  readonly rowCount: number | null
  readonly rows: Record<string, unknown>[]
  /** The columns: their names and the OIDs of their types. */
  readonly fields?: readonly { readonly name: string; readonly dataTypeID: number }[]
}

/** Finds the function that reads a type's text: `pg.types`, or ours. */
export interface PgTypes {
  getTypeParser(oid: number, format?: string): (value: string) => unknown
}

/** One statement, as pg takes it. */
export interface PgQuery {
  readonly text: string
  readonly values?: unknown[]
  readonly types: PgTypes
  /** The values in the form of the protocol, if they are known already. */
  readonly wire?: readonly WireValue[]
  /** How it is planned if it is prepared; `undefined` if it may not be prepared. */
  readonly plan?: Plan | undefined
}

/** How a prepared statement is planned: for the values of each use, or once for a while. */
export type Plan = 'each' | 'kept'

/** The part of pg's `Connection` that a COPY speaks through. */
export interface PgConnectionLike {
  readonly stream: Duplex
  query(text: string): void
  sendCopyFromChunk(chunk: Uint8Array): void
  endCopyFrom(): void
  sendCopyFail(message: string): void
}

/** A statement that speaks the protocol itself, with the hooks that pg calls: a COPY. */
export interface PgExchange {
  submit(connection: PgConnectionLike): void
  handleReadyForQuery(): void
  handleError(error: Error): void
  /** Called after it was handed to pg, in the scope of the caller. Settles when it is over. */
  run(signal: AbortSignal): Promise<PgResult>
}

/** The part of pg's `Client` that is used here. */
export interface PgClientLike {
  readonly processID?: number | null
  readonly secretKey?: number | null
  readonly host: string
  readonly port: number
  readonly ssl: unknown
  readonly connection?: { readonly stream: Duplex }
  query(query: PgQuery): Promise<PgResult | PgResult[]>
  query(exchange: PgExchange): unknown
  query(text: string, values?: unknown[]): Promise<PgResult | PgResult[]>
  getTransactionStatus(): string | null
  on(event: 'drain' | 'end' | 'error' | 'notification', listener: (value: never) => void): unknown
  off?(event: 'error', listener: () => void): unknown
  end(): Promise<void>
}

/** A client that a pool lent out. */
export interface PgPoolClientLike extends PgClientLike {
  release(destroy?: boolean): void
}

/** The part of pg's `Pool` that is used here. Any version and any compatible pool will do. */
export interface PgPoolLike {
  connect(): Promise<PgPoolClientLike>
  readonly on?: {
    (event: 'error', listener: (error: Error) => void): unknown
    (event: 'acquire', listener: (client: PgPoolClientLike) => void): unknown
  }
}
