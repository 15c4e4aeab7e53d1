import type { DbErrorCode } from './db-error.ts'

/** What a SQLSTATE means for a `DbError`. */
export interface SqlStateMeaning {
  readonly code: DbErrorCode
  readonly retryable?: boolean
  /**
   * Whether the server ends the session with it. Then it is unknown whether an autocommit statement took
   * effect.
   */
  readonly endsSession?: boolean
}

/** Single codes. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const STATES: Readonly<Record<string, SqlStateMeaning>> = {
  '23502': { code: 'not_null_violation' },
  '23503': { code: 'foreign_key_violation' },
  '23505': { code: 'unique_violation' },
  '23514': { code: 'check_violation' },
  '23P01': { code: 'exclusion_violation' },
  '25006': { code: 'read_only' },
  '25P02': { code: 'transaction_aborted' },
  '25P03': { code: 'connection_lost', retryable: true, endsSession: true },
  '25P04': { code: 'connection_lost', retryable: true, endsSession: true },
  '40001': { code: 'serialization_failure', retryable: true },
  '40P01': { code: 'deadlock', retryable: true },
  '42501': { code: 'forbidden' },
  '42601': { code: 'syntax_error' },
  '42703': { code: 'undefined_object' },
  '42704': { code: 'undefined_object' },
  '42883': { code: 'undefined_object' },
  '42P01': { code: 'undefined_object' },
  // ON CONFLICT names columns without a unique constraint.
  '42P10': { code: 'undefined_object' },
  '3F000': { code: 'undefined_object' },
  '42701': { code: 'duplicate_object' },
  '42710': { code: 'duplicate_object' },
  '42723': { code: 'duplicate_object' },
  '42P04': { code: 'duplicate_object' },
  '42P06': { code: 'duplicate_object' },
  '42P07': { code: 'duplicate_object' },
  '55P03': { code: 'lock_timeout', retryable: true },
  '57014': { code: 'query_canceled' },
  '57P01': { code: 'connection_lost', retryable: true, endsSession: true },
  '57P02': { code: 'connection_lost', retryable: true, endsSession: true },
  '57P03': { code: 'connection_failed', retryable: true },
  '57P05': { code: 'connection_lost', retryable: true, endsSession: true },
  '3D000': { code: 'connection_failed' },
  P0001: { code: 'raised' },
}

/** Whole classes: the first two characters. */
const CLASSES: Readonly<Record<string, SqlStateMeaning>> = {
  '08': { code: 'connection_lost', retryable: true, endsSession: true },
  '22': { code: 'data_exception' },
  '28': { code: 'unauthenticated' },
  '53': { code: 'insufficient_resources', retryable: true },
}

const UNEXPECTED: SqlStateMeaning = { code: 'unexpected' }

/** What a SQLSTATE means here. */
export function meaningOf(sqlState: string): SqlStateMeaning {
  return STATES[sqlState] ?? CLASSES[sqlState.slice(0, 2)] ?? UNEXPECTED
}
