import { expectOptions } from '../arguments/expect-options.ts'
import { expected } from '../arguments/expected.ts'
import { expectThunk } from './expect-thunk.ts'
import type { Thunk } from './gather.ts'
import { mapConcurrent } from './map-concurrent.ts'
import { type Completed, settled } from './settled.ts'

/** Options of {@link asCompleted}. */
export interface AsCompletedOptions {
  /** How many run at once at the most: an integer from 1 up. @default Infinity */
  readonly concurrency?: number | undefined
  /** Shown in errors and the task tree. @default 'asCompleted' */
  readonly name?: string | undefined
}

/** What is iterated over; it can be disposed of before its end, which ends what runs. */
type Results<T> = AsyncIterableIterator<T, void, undefined> & AsyncDisposable

/**
 * Calls all thunks at once and iterates over their results as they arrive. The first failure cancels
 * the others and is thrown once they have ended; when the loop ends early, what still runs is cancelled and
 * awaited. For a long or endless source use {@link mapConcurrent}, which takes items as there is room.
 *
 * With `settle: true` a failure ends nothing: each result is `{ key, status, value }` or
 * `{ key, status, reason }`, as of `Promise.allSettled`, where `key` says which thunk it is of. A cancel
 * from outside is never a result.
 *
 * @param thunks an iterable, or an object whose keys are kept
 * @throws the failure as it is, or an `AggregateError` when more than one failed
 * @throws {Cancelled} when a scope around it was cancelled
 * @throws {TypeError} when a thunk is not a function, or an option is unknown or out of its range
 * @example
 * for await (const offer of asCompleted([() => ask('a'), () => ask('b')])) {
 *   if (offer.price < 100) break
 * }
 * @example
 * const asked = { a: () => ask('a'), b: () => ask('b') }
 * for await (const { key, ...offer } of asCompleted(asked, { settle: true })) {
 *   console.log(key, offer.status === 'fulfilled' ? offer.value : offer.reason)
 * }
 */
export function asCompleted<T>(
  thunks: Iterable<Thunk<T>>,
  options: AsCompletedOptions & { readonly settle: true },
): Results<Completed<number, Awaited<T>>>
export function asCompleted<T, K extends string>(
  thunks: Readonly<Record<K, Thunk<T>>>,
  options: AsCompletedOptions & { readonly settle: true },
): Results<Completed<K, Awaited<T>>>
export function asCompleted<T>(
  thunks: Iterable<Thunk<T>> | Readonly<Record<string, Thunk<T>>>,
  options?: AsCompletedOptions & { readonly settle?: false },
): Results<Awaited<T>>
export function asCompleted<T>(
  thunks: Iterable<Thunk<T>> | Readonly<Record<string, Thunk<T>>>,
  options: AsCompletedOptions & { readonly settle?: boolean } = {},
): Results<unknown> {
  expectOptions(options, ['concurrency', 'name', 'settle'], 'asCompleted')
  const { concurrency = Infinity, name = 'asCompleted', settle = false } = options
  const work = entriesOf(thunks)
  for (const [key, thunk] of work) expectThunk('asCompleted', key, thunk)
  const call = settle
    ? async ([key, thunk]: Entry<T>) => ({ key, ...(await settled(thunk)) })
    : ([, thunk]: Entry<T>) => thunk()
  return mapConcurrent<Entry<T>, unknown>(work, call, { concurrency, name, ordered: false })
}

type Entry<T> = readonly [key: string | number, thunk: Thunk<T>]

function entriesOf<T>(
  thunks: Iterable<Thunk<T>> | Readonly<Record<string, Thunk<T>>>,
): readonly Entry<T>[] {
  if (typeof thunks !== 'object' || thunks === null) {
    throw expected('thunks to be an iterable or an object of functions', thunks)
  }
  if (Symbol.iterator in thunks) return Array.from(thunks, (thunk, index) => [index, thunk])
  return Object.entries(thunks)
}
