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
  if (raised.has(error)) return 'unknown'
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

/** The errors that cannot be written on (frozen ones, say) and left a scope with an effect. */
const raised = new WeakSet<object>()

/**
 * Notes on `error` that it left a scope in which an effect may have happened: from then on its
 * `outcome` is `'unknown'`, whatever it said of the one call that it came from. An error without an
 * `outcome` gets one that is not enumerable.
 */
export function raiseOutcome(error: unknown): void {
  if (typeof error !== 'object' || error === null) return
  if ((error as { readonly outcome?: unknown }).outcome === 'unknown') return
  const own = Object.getOwnPropertyDescriptor(error, 'outcome')
  const ours = own === undefined || own.value === 'none'
  const enumerable = own?.enumerable === true
  const field = { value: 'unknown', enumerable, configurable: true, writable: true }
  if (!ours || !Reflect.defineProperty(error, 'outcome', field)) raised.add(error)
}

/** What an error is made of, if it is made of several. */
export function partsOf(error: object): readonly unknown[] | undefined {
  if (error instanceof AggregateError) return error.errors
  if (error instanceof SuppressedError) return [error.error, error.suppressed]
  return undefined
}
