import { expected } from './expected.ts'
import { expectThunks } from './expect-thunks.ts'
import type { Thunk } from './gather.ts'
import { mapConcurrent } from './map-concurrent.ts'

export interface AsCompletedOptions {
  /** How many run at once at the most: an integer from 1 up. @default Infinity */
  readonly concurrency?: number
  /** Shown in errors and the task tree. @default 'asCompleted' */
  readonly name?: string
}

/**
 * Calls all thunks together and iterates over their results as they come. The first failure cancels
 * the others and is thrown once they have ended; when the loop ends early, what runs is cancelled and
 * awaited.
 *
 * @throws the failure as it is, or an `AggregateError` when more than one failed
 * @throws {Cancelled} when a scope around it was cancelled
 * @example
 * for await (const offer of asCompleted([() => ask('a'), () => ask('b')])) {
 *   if (offer.price < 100) break
 * }
 */
export function asCompleted<T>(
  thunks: Iterable<Thunk<T>>,
  options: AsCompletedOptions = {},
): AsyncIterableIterator<Awaited<T>, void, undefined> & AsyncDisposable {
  if (typeof (thunks as Iterable<Thunk<T>> | undefined)?.[Symbol.iterator] !== 'function') {
    throw expected('thunks to be iterable', thunks)
  }
  const { concurrency = Infinity, name = 'asCompleted' } = options
  const work = Array.from(thunks)
  expectThunks('asCompleted', work.entries())
  return mapConcurrent(work, (thunk) => thunk(), { concurrency, name, ordered: false })
}
