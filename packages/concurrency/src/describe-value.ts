/**
 * Names a value in the message of a `TypeError` without printing what may be secret in it: texts and
 * objects are only named by their kind.
 *
 * @example
 * throw new TypeError(`Expected key to be a string, got ${describeValue(key)}`)
 */
export function describeValue(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    return String(value)
  }
  if (typeof value === 'string') return value === '' ? 'an empty string' : 'a string'
  if (typeof value === 'object') {
    const name = value.constructor?.name
    return Array.isArray(value) ? 'an array' : name ? `an instance of ${name}` : 'an object'
  }
  return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`
}
