import { fieldOf, partsWithin } from './read-error.ts'

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
 * The `outcome` of an error; `undefined` for an error that has none (one of your own, say).
 * Looks through `AggregateError` and `SuppressedError`: unknown if any of them is unknown.
 *
 * @example
 * try { await charge() } catch (error) { if (outcomeOf(error) === 'unknown') await reconcile() }
 */
export function outcomeOf(error: unknown): Outcome | undefined {
  const outcomes = partsWithin(error, (each) => ownOutcome(each) !== undefined).map(ownOutcome)
  if (outcomes.includes('unknown')) return 'unknown'
  return outcomes.length > 0 && outcomes.every((each) => each === 'none') ? 'none' : undefined
}

/** The `outcome` of the error itself, without that of its parts. */
function ownOutcome(error: unknown): Outcome | undefined {
  if (raised.has(error as object)) return 'unknown'
  const outcome = fieldOf(error, 'outcome')
  return outcome === 'none' || outcome === 'unknown' ? outcome : undefined
}

/**
 * Whether an error has `retryable: true`, so that trying again may help; for an `AggregateError`, whether all
 * its parts do. It does not say that trying again is _safe_: ask {@link outcomeOf} for that, or use `retry`.
 *
 * @example
 * catch (error) { if (isRetryable(error) && outcomeOf(error) === 'none') return again(); throw error }
 */
export function isRetryable(error: unknown): boolean {
  const parts = partsWithin(error, (each) => fieldOf(each, 'retryable') !== undefined)
  return parts.length > 0 && parts.every((part) => fieldOf(part, 'retryable') === true)
}

/** Raised errors that cannot carry an `outcome`, such as frozen ones. */
const raised = new WeakSet<object>()

/**
 * Notes on `error` that an effect may have happened before it, as a scope does with every error that leaves
 * it. From then on its `outcome` is `'unknown'`, whatever it was for the one call that threw it. An error
 * without an `outcome` gets one that is not enumerable. For effects that did not go through `io()`, which
 * does this by itself.
 *
 * @example
 * try { await work() } catch (error) { raiseOutcome(error); throw error }
 */
export function raiseOutcome(error: unknown): void {
  if (typeof error !== 'object' || error === null) return
  if (fieldOf(error, 'outcome') === 'unknown') return
  writeUnknown(error)
  // A proxy may accept the write and not keep it.
  if (fieldOf(error, 'outcome') !== 'unknown') raised.add(error)
}

function writeUnknown(error: object): void {
  try {
    const own = Object.getOwnPropertyDescriptor(error, 'outcome')
    if (own !== undefined && own.value !== 'none') return
    const enumerable = own?.enumerable === true
    const field = { value: 'unknown', enumerable, configurable: true, writable: true }
    Reflect.defineProperty(error, 'outcome', field)
  } catch {
    // A proxy that was revoked, say.
  }
}
