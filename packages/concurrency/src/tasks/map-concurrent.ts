import { expectOptions } from '../arguments/expect-options.ts'
import { ConcurrentMap, type Source } from './concurrent-map.ts'
import { expected, expectFunction, expectInteger } from '../arguments/expected.ts'
import { type Completed, settled } from './settled.ts'

/** Options of {@link mapConcurrent}. */
export interface MapConcurrentOptions {
  /** How many items are in work or waiting to be consumed at the most: an integer from 1 up, or Infinity. */
  readonly concurrency: number
  /** Whether results come in the order of the source, and not as they are ready. @default true */
  readonly ordered?: boolean | undefined
  /** Shown in errors and the task tree. @default 'mapConcurrent' */
  readonly name?: string | undefined
}

/** What is iterated over; it can be disposed of before its end, which ends what runs. */
type Results<T> = AsyncIterableIterator<T, void, undefined> & AsyncDisposable

/**
 * Calls `fn` for each item of `source`, several at once, and iterates over the results. Takes from the
 * source only what there is room for: a slow consumer holds the source back. When the loop ends early,
 * or one call fails, what runs is cancelled and awaited, and the source is ended.
 *
 * With `settle: true` the failure of a call ends nothing: each result is `{ key, status, value }` or
 * `{ key, status, reason }`, where `key` is the item's index. A cancel from outside and a failure of the
 * source are never results.
 *
 * @throws the failure as it is, or an `AggregateError` when more than one failed
 * @throws {Cancelled} when a scope around it was cancelled
 * @throws {TypeError} when `source` cannot be iterated over, or an option is unknown or out of its range
 * @example
 * for await (const page of mapConcurrent(urls, (url) => http.json(url), { concurrency: 8 })) {
 *   index(page)
 * }
 */
export function mapConcurrent<T, R>(
  source: Iterable<T> | AsyncIterable<T>,
  fn: (item: Awaited<T>, index: number) => R | PromiseLike<R>,
  options: MapConcurrentOptions & { readonly settle: true },
): Results<Completed<number, Awaited<R>>>
export function mapConcurrent<T, R>(
  source: Iterable<T> | AsyncIterable<T>,
  fn: (item: Awaited<T>, index: number) => R | PromiseLike<R>,
  options: MapConcurrentOptions & { readonly settle?: false },
): Results<Awaited<R>>
export function mapConcurrent<T, R>(
  source: Iterable<T> | AsyncIterable<T>,
  fn: (item: Awaited<T>, index: number) => R | PromiseLike<R>,
  options: MapConcurrentOptions & { readonly settle?: boolean },
): Results<unknown> {
  expectOptions(options, ['concurrency', 'ordered', 'name', 'settle'], 'mapConcurrent')
  expectInteger('concurrency', options?.concurrency, 1, Infinity)
  const { concurrency, ordered = true, name = 'mapConcurrent', settle = false } = options
  expectFunction('fn', fn)
  const open = openSource(source)
  const call = (item: T, index: number): R | PromiseLike<R> => {
    return isThenable(item)
      ? Promise.resolve(item).then((each) => fn(each, index))
      : fn(item as Awaited<T>, index)
  }
  if (!settle) return new ConcurrentMap<T, R>(open, call, concurrency, ordered, name)
  const settling = async (item: T, index: number): Promise<Completed<number, Awaited<R>>> => {
    return { key: index, ...(await settled(() => call(item, index))) }
  }
  return new ConcurrentMap(open, settling, concurrency, ordered, name)
}

/** Starts the source only when the first result is requested. */
function openSource<T>(source: Iterable<T> | AsyncIterable<T>): () => Source<T> {
  if (typeof source === 'object' && source !== null && Symbol.asyncIterator in source) {
    return () => source[Symbol.asyncIterator]()
  }
  if (typeof (source as Iterable<T> | undefined)?.[Symbol.iterator] === 'function') {
    return () => source[Symbol.iterator]()
  }
  throw expected('source to be iterable', source)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value
}
