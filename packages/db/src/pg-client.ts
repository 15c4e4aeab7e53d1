import type { Duplex } from 'node:stream'

/** What pg answers to one statement. */
export interface PgResult {
  readonly command: string
  readonly rowCount: number | null
  readonly rows: Record<string, unknown>[]
}

/** Finds the function that reads a type's text: `pg.types`, or ours. */
export interface PgTypes {
  getTypeParser(oid: number, format?: string): (value: string) => unknown
}

export interface PgQuery {
  readonly text: string
  readonly values?: unknown[]
  readonly types: PgTypes
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
  query(text: string, values?: unknown[]): Promise<PgResult | PgResult[]>
  getTransactionStatus(): string | null
  on(event: 'drain' | 'end' | 'error' | 'notification', listener: (value: never) => void): unknown
  end(): Promise<void>
}

/** A client that a pool lent out. */
export interface PgPoolClientLike extends PgClientLike {
  release(destroy?: boolean): void
}

/** The part of pg's `Pool` that is used here; any version will do, and anything alike. */
export interface PgPoolLike {
  connect(): Promise<PgPoolClientLike>
  on?(event: 'error', listener: (error: Error) => void): unknown
}
