import { currentScope } from '../scopes/current-scope.ts'
import { runInScope } from '../scopes/run-in-scope.ts'
import { Scope } from '../scopes/scope.ts'

/** How one call of several ended, and which it was: a `PromiseSettledResult` with a key. */
export type Completed<K, T> = PromiseSettledResult<T> & {
  /** The index of an array's function or of a source's item; the key of an object's function. */
  readonly key: K
}

/**
 * Calls `fn` and turns a failure into a result. A cancel of a scope around it is thrown instead, whatever
 * `fn` made of it.
 *
 * `fn` has a scope of its own, so that what it left behind has ended, and counts, before its failure is
 * handed over: a shielded write may leave the process after the failure of what stood beside it.
 */
export async function settled<T>(
  fn: () => T | PromiseLike<T>,
): Promise<PromiseSettledResult<Awaited<T>>> {
  const around = currentScope()
  const scope = new Scope({ kind: 'task', name: around?.name ?? 'settled' }, around)
  try {
    return { status: 'fulfilled', value: await runInScope<T, Awaited<T>>(scope, fn) }
  } catch (reason) {
    around?.throwIfCancelled()
    return { status: 'rejected', reason }
  }
}
