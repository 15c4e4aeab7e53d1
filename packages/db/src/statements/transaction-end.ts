import { type Outcome, shield } from '@yuzuru/concurrency'
import { DbError } from '../wire/db-error.ts'
import type { Lease } from './lease.ts'
import type { PgResult } from '../wire/pg-client.ts'
import { ASSIGN_ID } from '../wire/transaction-id.ts'
import { violation } from '../wire/protocol-error.ts'
import { translateError } from '../wire/translate-error.ts'

/** How long a rollback may take before the connection is closed, which rolls back as well. */
const ROLLBACK_TIMEOUT_MS = 5_000

export interface CommitOptions {
  readonly readOnly: boolean
  readonly timeoutMs: number
}

/**
 * Commits, out of reach of every cancel and deadline but its own bound.
 *
 * @returns `false` when the server rolled back instead, because a statement had failed
 * @throws {DbError} `commit_unknown` when the connection was lost before the answer came
 */
export async function commit(lease: Lease, options: CommitOptions): Promise<boolean> {
  const { readOnly, timeoutMs } = options
  const id = lease.transactionId ?? undefined
  return await shield(
    async () => {
      // Without an id there is nothing that could take effect.
      const known = readOnly ? undefined : (id ?? (await lateId(lease, timeoutMs)))
      const effect = known === undefined ? 'read' : 'write'
      const translate = (error: unknown, outcome: Outcome): DbError =>
        translateCommit(error, outcome, known)
      // Within the call: what was rolled back has had no effect, for the scopes around it either.
      let rolledBack: DbError | undefined
      const check = ({ command }: PgResult): void => {
        if (command !== 'ROLLBACK') return
        rolledBack = new DbError('The server rolled back instead', ROLLED_BACK)
        throw rolledBack
      }
      const limits = { effect, abort: 'destroy', timeoutMs, translate, check } as const
      try {
        await lease.statement('commit', 'commit', limits)
      } catch (error) {
        if (rolledBack === undefined || error !== rolledBack) throw error
        return false
      }
      return true
    },
    { name: 'commit' },
  )
}

const ROLLED_BACK = { operation: 'commit', code: 'transaction_aborted', outcome: 'none' } as const

/** The id of a transaction that was not asked for it on the way, if it may have written. */
async function lateId(lease: Lease, timeoutMs: number): Promise<string | undefined> {
  if (!lease.mayHaveWritten || lease.failed || lease.transactionId === null) return undefined
  const limits = { effect: 'read', abort: 'destroy', timeoutMs } as const
  const { rows } = await lease.statement('identify', ASSIGN_ID, limits)
  const [row] = rows
  // To commit without knowing would call it harmless.
  if (row === undefined) throw translateError('identify', violation('no row for an id'), 'none')
  return (row['id'] as string | null) ?? undefined
}

function translateCommit(
  error: unknown,
  outcome: Outcome,
  transactionId: string | undefined,
): DbError {
  const failure = translateError('commit', error, outcome)
  if (failure.outcome === 'none') return failure
  return new DbError(
    'The connection was lost during COMMIT: whether it took effect is unknown. commitOutcome() finds out',
    {
      operation: 'commit',
      code: 'commit_unknown',
      outcome: 'unknown',
      transactionId,
      cause: failure,
    },
  )
}

/** Rolls back, out of reach of every cancel. Where the connection is lost the server does it. */
export async function rollback(lease: Lease): Promise<void> {
  await lease.settled(ROLLBACK_TIMEOUT_MS)
  if (!lease.inTransaction) return
  await shield(
    () =>
      lease.statement('rollback', 'rollback', {
        effect: 'read',
        abort: 'destroy',
        timeoutMs: ROLLBACK_TIMEOUT_MS,
      }),
    { name: 'rollback' },
  )
}

/** Notes what failed while `error` was being cleaned up. `error` stays the one that is thrown. */
export function suppress(error: unknown, suppressed: unknown): void {
  if (typeof error !== 'object' || error === null || !Object.isExtensible(error)) return
  Object.defineProperty(error, 'suppressed', {
    value: suppressed,
    configurable: true,
    writable: true,
  })
}
