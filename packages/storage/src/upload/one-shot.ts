import { Readable } from 'node:stream'

/** The iterators that were handed out by sources, to know one that gives the same one again. */
const opened = new WeakSet<object>()

/**
 * Whether a source can be read only once: another upload of it would find it empty. An iterable that makes
 * a new iterator each time is none.
 */
export function isOneShot(source: unknown): boolean {
  if (typeof source !== 'object' || source === null) return false
  if (source instanceof Readable || source instanceof ReadableStream) return true
  return 'next' in source || 'pipe' in source
}

/**
 * Throws when a stream has been read to its end, was destroyed, or belongs to another reader: it would be
 * taken for an empty one. One that has failed passes, as its own error says more.
 *
 * @throws {TypeError}
 */
export function expectUnread(source: object): void {
  if (source instanceof ReadableStream) {
    if (source.locked) throw used('is locked by a reader')
    if (Readable.isDisturbed(source)) throw used('has been read from')
    return
  }
  // Also a stream that is not Node's own, as of the package "readable-stream".
  const { readableEnded, destroyed, errored } = source as Partial<Readable>
  if (readableEnded === true) throw used('has been read to its end')
  if (destroyed === true && (errored ?? null) === null) throw used('was destroyed')
}

/**
 * Opens an iterable.
 *
 * @throws {TypeError} when it gives an iterator that it has given before. A generator that other code has
 *   used up looks like an empty one.
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
