import type { IoOptions } from '@yuzuru/concurrency'
import { expectInteger, expectOptions } from '@yuzuru/concurrency/boundary'
import { milliseconds, word } from '../statements/sql-text.ts'

/** How a transaction runs. */
export interface TransactionOptions extends IoOptions {
  /** @default the server's `default_transaction_isolation`: read committed, unless it was changed */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable' | undefined
  /** The server refuses writes, and a lost COMMIT leaves nothing unknown. @default false */
  readonly readOnly?: boolean | undefined
  /** Waits for a snapshot that can't fail; needs `serializable` and `readOnly`. @default false */
  readonly deferrable?: boolean | undefined
  /**
   * How often `fn` may be called, including the first time, when serialization failures or deadlocks undo
   * what it did: an integer from 1 up. Before each further attempt there is a random pause of up to 10 ms,
   * then 20, 40 …, at most a second.
   *
   * @default 4
   */
  readonly attempts?: number | undefined
  /** How long one statement may take, in milliseconds, as the server counts (`SET LOCAL`). */
  readonly statementTimeoutMs?: number | undefined
  /** How long one statement may wait for a lock, in milliseconds (`SET LOCAL`). */
  readonly lockTimeoutMs?: number | undefined
  /**
   * Whether the outer `db` may be used inside, on a second connection that sees nothing of the
   * transaction. The pool must be large enough for both. @default false
   */
  readonly allowNested?: boolean | undefined
}

const TRANSACTION_OPTIONS = Object.keys({
  isolation: true,
  readOnly: true,
  deferrable: true,
  attempts: true,
  statementTimeoutMs: true,
  lockTimeoutMs: true,
  allowNested: true,
  signal: true,
  timeoutMs: true,
} satisfies Record<keyof TransactionOptions, true>)

/** @throws {TypeError} on the first wrong option */
export function expectTransactionOptions(options: TransactionOptions): void {
  expectOptions(options, TRANSACTION_OPTIONS, 'transaction')
  const {
    isolation,
    readOnly,
    deferrable,
    attempts = 1,
    statementTimeoutMs,
    lockTimeoutMs,
  } = options
  if (isolation !== undefined) word('isolation', isolation, LEVELS)
  if (deferrable === true && (isolation !== 'serializable' || readOnly !== true)) {
    throw new TypeError('Expected deferrable only with isolation: serializable and readOnly: true')
  }
  expectInteger('attempts', attempts, 1)
  if (statementTimeoutMs !== undefined) milliseconds('statementTimeoutMs', statementTimeoutMs)
  if (lockTimeoutMs !== undefined) milliseconds('lockTimeoutMs', lockTimeoutMs)
}

const LEVELS = ['read committed', 'repeatable read', 'serializable'] as const

/**
 * The server's limit is a safety net. It is a little longer than ours, so that ours is the one that is
 * reported.
 */
const NET_MS = 1_000

/**
 * BEGIN and the statements that set its limits.
 *
 * @param budgetMs the time that is left in the scope around the transaction, in milliseconds
 */
export function beginStatements(options: TransactionOptions, budgetMs: number): readonly string[] {
  const { isolation, readOnly, deferrable, lockTimeoutMs } = options
  const begin = ['begin']
  if (isolation !== undefined) begin.push('isolation level', word('isolation', isolation, LEVELS))
  if (readOnly === true) begin.push('read only')
  if (deferrable === true) begin.push('deferrable')
  const statements = [begin.join(' ')]
  const statementMs = Math.min(options.statementTimeoutMs ?? Infinity, budgetMs + NET_MS)
  if (statementMs < MAX_MS) statements.push(setLocal('statement_timeout', statementMs))
  if (lockTimeoutMs !== undefined && lockTimeoutMs < MAX_MS) {
    statements.push(setLocal('lock_timeout', lockTimeoutMs))
  }
  return statements
}

/** PostgreSQL's timeouts are 32-bit integers. */
const MAX_MS = 2 ** 31 - 1

function setLocal(name: string, delayMs: number): string {
  return `set local ${name} = ${milliseconds(name, Math.max(1, delayMs))}`
}
