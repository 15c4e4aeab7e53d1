/**
 * Returns what `make` returns. If Node is too old for this package it throws an error that says so, while
 * the package is loaded; otherwise the first failure would be an obscure `ReferenceError`.
 *
 * It checks for the features that are needed, not for a version, so that it accepts any other platform that
 * has them.
 */
export function onSupportedNode<T>(make: () => T): T {
  if (typeof SuppressedError === 'function' && typeof Promise.try === 'function') return make()
  throw new Error(`Expected Node 24 or later for @yuzuru/concurrency, got ${process.version}`)
}
