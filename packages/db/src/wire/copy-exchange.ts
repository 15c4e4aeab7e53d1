import type { PgExchange } from './pg-client.ts'

/** A COPY, as it is run on a connection. */
export interface CopyExchange extends PgExchange {
  readonly operation: 'copyIn' | 'copyOut'
  readonly writes: boolean
  /** Whether, outside a transaction, it may have taken effect by now. */
  readonly mayHaveHappened: boolean
}

/** A piece of the data, and how many rows it holds. */
export interface CopyChunk {
  readonly bytes: Buffer
  readonly rows: number | undefined
}
