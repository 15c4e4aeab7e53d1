import { copies } from '../scopes/copies.ts'

/**
 * Warns, once, when the process has loaded this package more than once: another version of it for one of the
 * packages, or the same one twice. Scopes of one copy are unknown to the others, so a deadline of the app's
 * copy would end no query that stands on another, and nothing would say so.
 */
export function warnOfCopies(): void {
  if (copies.warned || copies.size < 2) return
  copies.warned = true
  process.emitWarning(
    `Expected one copy of @yuzuru/concurrency, got ${copies.size}: ` +
      'no cancel or deadline of one reaches what stands on another. ' +
      '"npm ls @yuzuru/concurrency" shows what brings each; install versions that share one',
    'CopiesWarning',
  )
}
