import { describeValue } from './describe-value.ts'

/**
 * The error for a mistake of the caller.
 *
 * @param what what was expected of which argument
 * @param value what came instead; only its kind is told
 * @example
 * if (typeof key !== 'string') throw expected('key to be a string', key)
 */
export function expected(what: string, value: unknown): TypeError {
  return new TypeError(`Expected ${what}, got ${describeValue(value)}`)
}

/** Refuses what is no function. */
export function expectFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw expected(`${name} to be a function`, value)
}

/** Refuses what is no integer from `min` up. `Infinity` is one where `orInfinity` says so. */
export function expectInteger(name: string, value: number, min: number, orInfinity = false): void {
  if (Number.isSafeInteger(value) && value >= min) return
  if (orInfinity && value === Infinity) return
  throw expected(
    `${name} to be an integer from ${min} up${orInfinity ? ' or Infinity' : ''}`,
    value,
  )
}
