import { cancelScope, type IoOptions, withTimeout } from '@yuzuru/concurrency'

/**
 * Makes one call of several statements: what those before the one that failed have done counts for its failure, and
 * one deadline and one signal cover all of them.
 *
 * @param name shown in errors and the task tree
 */
export async function oneCall<T>(
  name: string,
  { signal, timeoutMs }: IoOptions,
  fn: () => Promise<T>,
): Promise<T> {
  if (timeoutMs === undefined) return await cancelScope(fn, { name, signal })
  const joined = signal === undefined ? fn : () => cancelScope(fn, { name, signal })
  return await withTimeout(timeoutMs, joined, { name })
}
