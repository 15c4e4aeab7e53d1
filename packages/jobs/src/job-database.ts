import { type Effect, io, type IoOptions, type Outcome } from '@yuzuru/concurrency'
import { DbError } from '@yuzuru/db'
import type { QueryExecutorProvider, RawBuilder } from 'kysely'
import { JobError } from './job-error.ts'
import { describe } from './json.ts'

/** A `Kysely` or a `Transaction` of any schema: that of `@yuzuru/db`, or one of your own on PostgreSQL. */
export type JobDatabase = QueryExecutorProvider

/** What is done to the queue, for errors and traces. */
export interface QueueCall {
  readonly operation: string
  readonly effect: Effect
}

/**
 * Runs one statement and gives its rows. The database's own driver carries the cancel to the server
 * (`@yuzuru/db` does); on one that can't, a statement is awaited to its end: all of ours are short.
 */
export async function execute<Row>(
  db: JobDatabase,
  call: QueueCall,
  statement: RawBuilder<Row>,
  options?: IoOptions,
): Promise<Row[]> {
  const translate = (error: unknown, outcome: Outcome): Error =>
    databaseError(call.operation, error, outcome)
  return await io({ boundary: 'jobs', ...call, translate }, options, async () => {
    try {
      // Without the plugins: a CamelCasePlugin would rename the columns that we read.
      const { rows } = await statement.execute({
        getExecutor: () => db.getExecutor().withoutPlugins(),
      })
      return rows
    } catch (error) {
      throw isMissingTable(error) ? notMigrated(call.operation, error) : error
    }
  })
}

/** Refuses what is no Kysely. */
export function expectDatabase(db: JobDatabase): void {
  if (typeof db?.getExecutor !== 'function') {
    throw new TypeError(`Expected db to be a Kysely or a Transaction, got ${describe(db)}`)
  }
}

/** Serialization failures, deadlocks, lost connections, exhausted resources, shutdowns: later may do. */
const TRANSIENT = /^(?:40001|40P01|08...|53...|57P..|55P03)$/

/** Whether a table of ours is not there. */
function isMissingTable(error: unknown): boolean {
  const code = DbError.isInstance(error) ? error.sqlState : sqlStateOf(error)
  return code === '42P01' && error instanceof Error && error.message.includes('"yuzuru_jobs')
}

function notMigrated(operation: string, cause: unknown): JobError {
  const told = 'the tables of the queue are not there: run migrate(db, [jobsMigrations]) first'
  const init = {
    operation,
    code: 'not_migrated',
    retryable: false,
    outcome: 'none',
    cause,
  } as const
  return new JobError(`jobs.${operation} failed: ${told}`, init)
}

function databaseError(operation: string, error: unknown, outcome: Outcome): JobError {
  const code = sqlStateOf(error)
  const told = error instanceof Error ? error.message : String(error)
  // A statement that the server refused has had no effect; a lost connection says nothing.
  const refused = code !== undefined && !code.startsWith('08') && !code.startsWith('57P')
  return new JobError(`jobs.${operation} failed: ${told}`, {
    operation,
    code: 'database',
    retryable: code === undefined ? isConnectionError(error) : TRANSIENT.test(code),
    outcome: refused ? 'none' : outcome,
    cause: error,
  })
}

/** Whether a unique index was in the way, on a database of `@yuzuru/db` or another. */
export function isUniqueViolation(error: unknown): boolean {
  if (DbError.isInstance(error)) return error.code === 'unique_violation'
  return JobError.isInstance(error) && sqlStateOf(error.cause) === '23505'
}

function sqlStateOf(error: unknown): string | undefined {
  const code = codeOf(error)
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

function isConnectionError(error: unknown): boolean {
  const code = codeOf(error) ?? ''
  if (/^(?:ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/.test(code))
    return true
  return error instanceof Error && /connection|timeout/i.test(error.message)
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
