import type { Outcome } from '@yuzuru/concurrency'
import { describeValue, fieldOf, isOf, messageOf, partsWithin } from '@yuzuru/concurrency/boundary'
import { DbError } from '@yuzuru/db'
import { AbortedTransactionError } from 'kysely'
import { JobError } from '../job-error.ts'

/** Serialization failures, deadlocks, lost connections, exhausted resources, shutdowns: later may do. */
const TRANSIENT = /^(?:40001|40P01|08...|53...|57P..|55P03)$/

/** Lost connections, sessions that the server ended, and what says of itself that its completion is unknown. */
const SAYS_NOTHING = /^(?:08...|57P..|25P0[34]|40003)$/

/** No such user, password or database, no permission to connect, all connections taken. */
const TAKES_NONE = /^(?:28...|3D000|42501|53300)$/

export function notMigrated(operation: string, cause: unknown): JobError {
  const advice =
    'the tables of the queue are not there, or are of an earlier version: run migrate(db, [jobsMigrations]) first'
  return new JobError(`jobs.${operation} failed: ${advice}`, {
    operation,
    code: 'not_migrated',
    retryable: false,
    outcome: 'none',
    cause,
  })
}

/** The {@link JobError} for what a driver threw that is not `@yuzuru/db`'s. */
export function databaseError(operation: string, error: unknown, outcome: Outcome): JobError {
  const code = sqlStateOf(error)
  const message = messageOf(error) ?? describeValue(error)
  const refused =
    isOf(error, AbortedTransactionError) || (code !== undefined && leavesNothing(code, error))
  return new JobError(`jobs.${operation} failed: ${message}`, {
    operation,
    code: 'database',
    retryable: code === undefined ? isConnectionError(error) : TRANSIENT.test(code),
    outcome: refused ? 'none' : outcome,
    cause: error,
  })
}

/**
 * Whether a statement, COMMIT among them, has certainly had no effect: the server refused it, or took no session. A session
 * that ended with it says nothing: what it wrote of a COMMIT before may be found when the server starts again.
 */
function leavesNothing(code: string, error: unknown): boolean {
  if (SAYS_NOTHING.test(code)) return false
  const severity = fieldOf(error, 'severity')
  return (severity !== 'FATAL' && severity !== 'PANIC') || TAKES_NONE.test(code)
}

/** Whether a unique index was in the way, on a database of `@yuzuru/db` or another. */
export function isUniqueViolation(error: unknown): boolean {
  if (DbError.isInstance(error)) return error.code === 'unique_violation'
  return JobError.isInstance(error) && sqlStateOf(error.cause) === '23505'
}

function sqlStateOf(error: unknown): string | undefined {
  const code = codeOf(error)
  // Codes of the system have five letters too, such as EPIPE, and no digit; of PostgreSQL's each has one.
  return code !== undefined && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined
}

function isConnectionError(error: unknown): boolean {
  const code = codeOf(error) ?? ''
  if (/^(?:ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/.test(code))
    return true
  return /connection|timeout/i.test(messageOf(error) ?? '')
}

function codeOf(error: unknown): string | undefined {
  const code = fieldOf(error, 'code')
  return typeof code === 'string' ? code : undefined
}

/** Nobody listens there, or a server that starts or stops: nobody else can ask it either. */
const AWAY = /^(?:ECONNREFUSED|57P0[123])$/

/** How deep an error that says it may be wrapped. */
const MOST_DEPTH = 8

/** Whether the database as such is away, and not only out of the reach of this process. Never throws. */
export function isAway(error: unknown, depth = 0): boolean {
  if (depth === MOST_DEPTH) return false
  const codes = [codeOf(error), fieldOf(error, 'sqlState')]
  if (codes.some((code) => typeof code === 'string' && AWAY.test(code))) return true
  const parts = partsWithin(error)
  const [first] = parts
  if (first === error) return isAway(fieldOf(error, 'cause'), depth + 1)
  return parts.length > 0 && parts.every((part) => isAway(part, depth + 1))
}
