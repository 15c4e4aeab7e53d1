import type { PgExchange } from './pg-client.ts'

/** A COPY that runs on a connection. */
export interface CopyExchange extends PgExchange {
  readonly operation: 'copyIn' | 'copyOut'
  readonly writes: boolean
  /** Whether it may have taken effect by now, outside a transaction. */
  readonly mayHaveHappened: boolean
}

/** A piece of the data, and how many rows it holds. */
export interface CopyChunk {
  readonly bytes: Buffer
  readonly rows: number | undefined
}
