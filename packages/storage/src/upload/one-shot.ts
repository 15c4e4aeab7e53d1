import { Readable } from 'node:stream'

/** The iterators that sources have returned, to recognise a source that returns the same one again. */
const opened = new WeakSet<object>()

/**
 * Whether a source can be read only once, so that another upload of it would find it empty. An iterable
 * that makes a new iterator each time is not one.
 */
export function isOneShot(source: unknown): boolean {
  if (typeof source !== 'object' || source === null) return false
  if (source instanceof Readable || source instanceof ReadableStream) return true
  return 'next' in source || 'pipe' in source
}

/**
 * Throws if a stream was read to its end, was destroyed, or has another reader, as it would be uploaded as
 * empty. A failed stream passes, as its own error says more.
 *
 * @throws {TypeError}
 */
export function expectUnread(source: object): void {
  if (source instanceof ReadableStream) {
    if (source.locked) throw used('is locked by a reader')
    if (Readable.isDisturbed(source)) throw used('has been read from')
    return
  }
  // It may also be a stream of the package "readable-stream".
  const { readableEnded, destroyed, errored } = source as Partial<Readable>
  if (readableEnded === true) throw used('has been read to its end')
  if (destroyed === true && (errored ?? null) === null) throw used('was destroyed')
}

/**
 * Opens an iterable.
 *
 * @throws {TypeError} when it returns an iterator that it has returned before. A generator that other code
 *   has consumed looks like an empty one.
 */
export function openOnce<T>(source: AsyncIterable<T>): AsyncIterator<T> {
  const iterator = source[Symbol.asyncIterator]()
  if (opened.has(iterator)) throw used('was uploaded before, and can be read only once')
  opened.add(iterator)
  return iterator
}

function used(how: string): TypeError {
  return new TypeError(`Expected body to be a source that is not used up, got one that ${how}`)
}
