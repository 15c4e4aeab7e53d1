import { expected } from './expected.ts'

/**
 * Throws unless `value` is an object that has fields: no `null`, no array, no function.
 *
 * @param name the argument's name
 * @throws {TypeError}
 * @example
 * expectObject('message', message)
 */
export function expectObject(name: string, value: unknown): asserts value is object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  throw expected(`${name} to be an object`, value)
}

/**
 * Throws unless `value` is `true` or `false`.
 *
 * @param name the argument's name
 * @throws {TypeError}
 * @example
 * expectBoolean('idempotent', idempotent)
 */
export function expectBoolean(name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') throw expected(`${name} to be a boolean`, value)
}

/**
 * Throws unless `value` is a number in a range; `NaN` never is.
 *
 * @param name the argument's name
 * @param min the least that it may be
 * @param max the most that it may be. Default: any number, `Infinity` too
 * @throws {TypeError}
 * @example
 * expectNumber('ratio', ratio, 0, 1)
 */
export function expectNumber(
  name: string,
  value: unknown,
  min: number,
  max: number = Infinity,
): asserts value is number {
  if (isWithin(value, min, max)) return
  throw expected(`${name} to be a number ${rangeOf(min, max)}`, value)
}

/**
 * Throws unless `value` is a number of milliseconds in a range.
 *
 * @param name the argument's name
 * @param min the least that it may be; `-Infinity` where times that have passed are allowed. Default: 0
 * @param max the most that it may be. Default: any length, `Infinity` too
 * @throws {TypeError}
 * @example
 * expectMilliseconds('idleTimeoutMs', idleTimeoutMs)
 */
export function expectMilliseconds(
  name: string,
  value: unknown,
  min: number = 0,
  max: number = Infinity,
): asserts value is number {
  if (isWithin(value, min, max)) return
  const range = min === -Infinity ? '' : ` ${rangeOf(min, max)}`
  throw expected(`${name} to be a number of milliseconds${range}`, value)
}

/**
 * Throws unless `value` is one of `choices`.
 *
 * @param name the argument's name
 * @param choices shown in the message; compared with `===`
 * @throws {TypeError} that does not show the value if it is a string, which may be secret
 * @example
 * expectOneOf('format', format, ['csv', 'text'])
 */
export function expectOneOf<T extends string | number | boolean>(
  name: string,
  value: unknown,
  choices: readonly T[],
): asserts value is T {
  if ((choices as readonly unknown[]).includes(value)) return
  const shown = choices.map((choice) => (typeof choice === 'string' ? `'${choice}'` : choice))
  throw expected(`${name} to be ${shown.length === 1 ? '' : 'one of '}${shown.join(', ')}`, value)
}

/**
 * Throws unless `value` is a string of at least one character without control characters: what may
 * stand in a header, a log or one line of a protocol.
 *
 * @param name the argument's name
 * @param maxLength how many characters (UTF-16 code units) it may have
 * @throws {TypeError} that does not show the text
 * @example
 * expectLine('reference', reference, 200)
 */
export function expectLine(
  name: string,
  value: unknown,
  maxLength: number,
): asserts value is string {
  const what = `${name} to be a string of 1 to ${maxLength} characters without control characters`
  if (typeof value !== 'string' || value === '') throw expected(what, value)
  if (value.length > maxLength) {
    throw new TypeError(`Expected ${what}, got one of ${value.length}`)
  }
  if (/\p{Cc}/u.test(value)) throw new TypeError(`Expected ${what}, got one with some`)
}

function isWithin(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max
}

function rangeOf(min: number, max: number): string {
  return `from ${min} ${max >= Number.MAX_SAFE_INTEGER ? 'up' : `to ${max}`}`
}
