/**
 * Describes a value for the message of a `TypeError` without printing what may be secret in it: strings
 * and objects are named only by their kind. Never throws, whatever the value.
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
  if (typeof value === 'object') return describeObject(value)
  return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`
}

function describeObject(value: object): string {
  try {
    if (Array.isArray(value)) return 'an array'
    const name: unknown = value.constructor?.name
    return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an object'
  } catch {
    // A proxy that was revoked, or a getter that throws.
    return 'an object'
  }
}
