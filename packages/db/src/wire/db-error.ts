import { hasMark, IoError, type IoErrorInit, mark } from '@yuzuru/concurrency'

/** What went wrong, for programs to decide by. The manual has a table of what each means. */
export type DbErrorCode =
  | 'acquire_timeout'
  | 'after_commit_failed'
  | 'answer_too_large'
  | 'check_violation'
  | 'closed'
  | 'commit_unknown'
  | 'conflict'
  | 'connection_failed'
  | 'connection_lost'
  | 'copy_in_progress'
  | 'data_exception'
  | 'deadlock'
  | 'duplicate_object'
  | 'exclusion_violation'
  | 'forbidden'
  | 'foreign_key_violation'
  | 'insufficient_resources'
  | 'invalid_value'
  | 'listen_unsupported'
  | 'lock_timeout'
  | 'migration_failed'
  | 'multiple_rows'
  | 'nested_connection'
  | 'not_found'
  | 'not_null_violation'
  | 'overloaded'
  | 'protocol_violation'
  | 'query_canceled'
  | 'raised'
  | 'read_only'
  | 'serialization_failure'
  | 'statement_timeout'
  | 'syntax_error'
  | 'transaction_aborted'
  | 'transaction_ended'
  | 'unauthenticated'
  | 'undefined_object'
  | 'unexpected'
  | 'unique_violation'

/** What a {@link DbError} is made of. */
export interface DbErrorInit extends Omit<IoErrorInit, 'boundary' | 'code' | 'retryable'> {
  readonly code: DbErrorCode
  /** @default false */
  readonly retryable?: boolean | undefined
  readonly sqlState?: string | undefined
  readonly schema?: string | undefined
  readonly table?: string | undefined
  readonly columns?: readonly string[] | undefined
  readonly constraint?: string | undefined
  readonly transactionId?: string | undefined
  readonly line?: number | undefined
}

/**
 * A failure at the database. It never holds the value of a parameter or of a row: PostgreSQL's
 * `DETAIL`, and its message where that quotes data, are left out.
 *
 * @example
 * catch (error) {
 *   if (DbError.isInstance(error) && error.code === 'unique_violation') return taken(error.columns)
 *   throw error
 * }
 */
export class DbError extends IoError {
  declare readonly code: DbErrorCode
  /** PostgreSQL's five-character code, when the server said it. */
  readonly sqlState: string | undefined
  readonly schema: string | undefined
  readonly table: string | undefined
  /** The names of the columns of the violated constraint, where PostgreSQL names them. */
  readonly columns: readonly string[]
  readonly constraint: string | undefined
  /** The transaction's id (an `xid8`), on `commit_unknown`. */
  readonly transactionId: string | undefined
  /** Which line of a COPY's data the server refused, counted from 1: for rows, which row. */
  readonly line: number | undefined
  /** What failed while this failure was being cleaned up: a rollback. */
  suppressed?: unknown

  static {
    mark(this.prototype, 'DbError')
  }

  constructor(message: string, init: DbErrorInit) {
    super(message, { ...init, retryable: init.retryable ?? false, boundary: 'db' })
    this.sqlState = init.sqlState
    this.schema = init.schema
    this.table = init.table
    this.columns = init.columns ?? []
    this.constraint = init.constraint
    this.transactionId = init.transactionId
    this.line = init.line
  }

  /** Like `instanceof`, but also true for an error of another installed copy of the package. */
  static override isInstance(value: unknown): value is DbError {
    return hasMark(value, 'DbError')
  }
}
