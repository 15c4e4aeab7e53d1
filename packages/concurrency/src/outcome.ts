/**
 * Whether the effect of a failed operation may have happened all the same.
 *
 * - `'none'`: it has not happened and will not; doing it again is safe.
 * - `'unknown'`: it may have happened (the request was sent, the answer never came). Find out, or do
 *   it again only if it is idempotent.
 */
export type Outcome = 'none' | 'unknown'

/**
 * What an operation does to the outside world.
 *
 * - `'read'`: nothing; its outcome is always `none`.
 * - `'idempotent'`: something, and doing it twice is the same as doing it once.
 * - `'write'`: something that would happen twice.
 */
export type Effect = 'read' | 'idempotent' | 'write'

/**
 * The outcome that an error tells, or `undefined` for one that does not say (an error of your own).
 * Looks through `AggregateError` and `SuppressedError`: unknown if any of them is unknown.
 *
 * @example
 * try { await charge() } catch (error) { if (outcomeOf(error) === 'unknown') await reconcile() }
 */
export function outcomeOf(error: unknown): Outcome | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  if ('outcome' in error && (error.outcome === 'none' || error.outcome === 'unknown')) {
    return error.outcome
  }
  const parts = partsOf(error)
  if (parts === undefined) return undefined
  const outcomes = parts.map((part) => outcomeOf(part))
  if (outcomes.includes('unknown')) return 'unknown'
  return outcomes.length > 0 && outcomes.every((each) => each === 'none') ? 'none' : undefined
}

/** Whether an error says of itself that trying again may help. An aggregate only if all its parts do. */
export function isRetryable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  if ('retryable' in error) return error.retryable === true
  const parts = partsOf(error)
  return parts !== undefined && parts.length > 0 && parts.every((part) => isRetryable(part))
}

function partsOf(error: object): readonly unknown[] | undefined {
  if (error instanceof AggregateError) return error.errors
  if (error instanceof SuppressedError) return [error.error, error.suppressed]
  return undefined
}
