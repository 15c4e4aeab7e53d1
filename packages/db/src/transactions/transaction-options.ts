import type { IoOptions } from '@yuzuru/concurrency'
import { expectOptions } from '@yuzuru/concurrency/boundary'
import { milliseconds, word } from '../statements/sql-text.ts'

/** How a transaction runs. */
export interface TransactionOptions extends IoOptions {
  /** @default the server's `default_transaction_isolation`: read committed, if nobody changed it */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable'
  /** The server refuses writes, and a lost COMMIT leaves nothing unknown. @default false */
  readonly readOnly?: boolean
  /** Waits for a snapshot that can't fail; needs `serializable` and `readOnly`. @default false */
  readonly deferrable?: boolean
  /**
   * How often `fn` is called again after a serialization failure or a deadlock: an integer from 0 up.
   *
   * @default 3
   */
  readonly retries?: number
  /** How long one statement may take, in milliseconds, as the server counts (`SET LOCAL`). */
  readonly statementTimeoutMs?: number
  /** How long one statement may wait for a lock, in milliseconds (`SET LOCAL`). */
  readonly lockTimeoutMs?: number
  /**
   * Whether the outer `db` may be used inside, on a second connection that sees nothing of the
   * transaction. The pool must be large enough for both. @default false
   */
  readonly allowNested?: boolean
}

const TRANSACTION_OPTIONS = Object.keys({
  isolation: true,
  readOnly: true,
  deferrable: true,
  retries: true,
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
    retries = 0,
    statementTimeoutMs,
    lockTimeoutMs,
  } = options
  if (isolation !== undefined) word('isolation', isolation, LEVELS)
  if (deferrable === true && (isolation !== 'serializable' || readOnly !== true)) {
    throw new TypeError('Expected deferrable only with isolation: serializable and readOnly: true')
  }
  if (!Number.isSafeInteger(retries) || retries < 0) {
    throw new TypeError(`Expected retries to be an integer from 0 up, got ${String(retries)}`)
  }
  for (const [name, value] of Object.entries({ statementTimeoutMs, lockTimeoutMs })) {
    if (value !== undefined) milliseconds(name, value)
  }
}

const LEVELS = ['read committed', 'repeatable read', 'serializable'] as const

/** The server's own limit is a net below ours: it comes a little later, so that ours is the one told. */
const NET_MS = 1_000

/**
 * BEGIN and what belongs to it.
 *
 * @param budgetMs what is left of the time of the scope around the transaction
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
