import { describeValue } from './describe-value.ts'

/**
 * Makes the `TypeError` for a mistake of the caller: `Expected …, got …`. It only makes it: throw it.
 *
 * @param what which argument should be what
 * @param value what was passed instead; only its kind is shown, as it may be secret
 * @param advice what to write instead, after that. Default: nothing
 * @example
 * if (!isKey(key)) throw expected('key to be a key of 32 bytes', key)
 */
export function expected(what: string, value: unknown, advice: string = ''): TypeError {
  return new TypeError(`Expected ${what}, got ${describeValue(value)}${advice}`)
}

/**
 * Throws unless `value` is a function.
 *
 * @param name the argument's name
 * @throws {TypeError} that, for a promise, says to pass the function instead of calling it
 * @example
 * expectFunction('handler', handler)
 */
export function expectFunction(name: string, value: unknown): void {
  if (typeof value === 'function') return
  const advice = isPromise(value) ? ': pass the function itself, not the promise it returns' : ''
  throw expected(`${name} to be a function`, value, advice)
}

/**
 * Throws unless `value` is an integer in a range.
 *
 * @param name the argument's name
 * @param min the least that it may be
 * @param max the most that it may be; with `Infinity`, it may also be that. Default: any safe integer
 * @throws {TypeError}
 * @example
 * expectInteger('port', port, 0, 65_535)
 * expectInteger('maxSize', maxSize, 1, Infinity)
 */
export function expectInteger(
  name: string,
  value: unknown,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): asserts value is number {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return
  if (value === Infinity && max === Infinity) return
  const most =
    max === Infinity ? ' up or Infinity' : max === Number.MAX_SAFE_INTEGER ? ' up' : ` to ${max}`
  throw expected(`${name} to be an integer from ${min}${most}`, value)
}

/**
 * Throws unless `value` is a string with at least one character.
 *
 * @param name the argument's name
 * @param maxLength how many characters (UTF-16 code units) it may have. Default: any number
 * @throws {TypeError} that does not show the text
 * @example
 * expectText('subject', subject, 998)
 */
export function expectText(
  name: string,
  value: unknown,
  maxLength: number = Infinity,
): asserts value is string {
  const isText = typeof value === 'string' && value !== ''
  if (isText && value.length <= maxLength) return
  const range = maxLength === Infinity ? '1 character or more' : `1 to ${maxLength} characters`
  const got = isText ? `one of ${value.length}` : describeValue(value)
  throw new TypeError(`Expected ${name} to be a string of ${range}, got ${got}`)
}

/** Whether it is a promise: work that has begun already. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  try {
    return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
  } catch {
    return false
  }
}
