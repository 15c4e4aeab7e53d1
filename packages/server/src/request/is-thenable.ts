import { expected } from '@yuzuru/concurrency/boundary'

/** Whether `value` is a promise, or is awaited like one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

/**
 * Makes the error for what a function of the program gave, as `expected` does. If that is a promise, its failure is
 * nobody's: it would end the process, and what one request is asked may depend on its client.
 */
export function expectedNow(expectation: string, value: unknown): TypeError {
  leave(value)
  return expected(expectation, value)
}

/** Has the failure of a promise be nobody's. */
export function leave(value: unknown): void {
  if (isThenable(value)) Promise.resolve(value).catch(() => {})
}
