/**
 * Gives what `make` makes, unless Node is too old for this package: then it throws an error that says so,
 * as the package is loaded. Else the first failure would be a `ReferenceError` from somewhere within.
 *
 * It looks at what is needed and not at a version, so that it refuses no other platform that has it.
 */
export function onSupportedNode<T>(make: () => T): T {
  if (typeof SuppressedError === 'function' && typeof Promise.try === 'function') return make()
  throw new Error(`Expected Node 24 or later for @yuzuru/concurrency, got ${process.version}`)
}
