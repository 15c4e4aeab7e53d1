import { ConcurrentMap, type Source } from './concurrent-map.ts'
import { expected, expectFunction, expectInteger } from './expected.ts'

export interface MapConcurrentOptions {
  /** How many items are in work or waiting to be consumed at the most: an integer from 1 up, or Infinity. */
  readonly concurrency: number
  /** Whether results come in the order of the source, and not as they are ready. @default true */
  readonly ordered?: boolean
  /** Shown in errors and the task tree. @default 'mapConcurrent' */
  readonly name?: string
}

/**
 * Calls `fn` for each item of `source`, several at once, and iterates over the results. Takes from the
 * source only what there is room for: a slow consumer holds the source back. When the loop ends early,
 * or one call fails, what runs is cancelled and awaited, and the source is ended.
 *
 * @throws the failure as it is, or an `AggregateError` when more than one failed
 * @throws {Cancelled} when a scope around it was cancelled
 * @example
 * for await (const page of mapConcurrent(urls, (url) => http.json(url), { concurrency: 8 })) {
 *   index(page)
 * }
 */
export function mapConcurrent<T, R>(
  source: Iterable<T> | AsyncIterable<T>,
  fn: (item: Awaited<T>, index: number) => R | PromiseLike<R>,
  options: MapConcurrentOptions,
): AsyncIterableIterator<Awaited<R>, void, undefined> & AsyncDisposable {
  const { concurrency, ordered = true, name = 'mapConcurrent' } = options
  expectInteger('concurrency', concurrency, 1, true)
  expectFunction('fn', fn)
  return new ConcurrentMap<T, R>(openSource(source), fn, concurrency, ordered, name)
}

/** Begins the source only when the first result is asked for. */
function openSource<T>(source: Iterable<T> | AsyncIterable<T>): () => Source<T> {
  if (typeof source === 'object' && source !== null && Symbol.asyncIterator in source) {
    return () => source[Symbol.asyncIterator]()
  }
  if (typeof (source as Iterable<T> | undefined)?.[Symbol.iterator] === 'function') {
    return () => source[Symbol.iterator]()
  }
  throw expected('source to be iterable', source)
}
