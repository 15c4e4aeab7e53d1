import { currentScope } from '../scopes/current-scope.ts'
import { raiseOutcome } from '../scopes/outcome.ts'

/** How one call of several ended, and which it was: a `PromiseSettledResult` with a key. */
export type Completed<K, T> = PromiseSettledResult<T> & {
  /** The index of an array's function or of a source's item; the key of an object's function. */
  readonly key: K
}

/**
 * Makes a result of a failure. The cancel of a scope around it never is one: it is thrown, whatever `fn`
 * made of it.
 */
export async function settled<T>(
  fn: () => T | PromiseLike<T>,
): Promise<PromiseSettledResult<Awaited<T>>> {
  try {
    return { status: 'fulfilled', value: await fn() }
  } catch (reason) {
    const scope = currentScope()
    scope?.throwIfCancelled()
    if (scope?.outcome === 'unknown') raiseOutcome(reason)
    return { status: 'rejected', reason }
  }
}
