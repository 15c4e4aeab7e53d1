/**
 * Describes a value for the message of a `TypeError` without printing what may be secret in it: strings
 * and objects are named only by their kind. Never throws, whatever the value.
 *
 * @example
 * throw new TypeError(`Expected key to be a string, got ${describeValue(key)}`)
 */
export function describeValue(value: unknown): string {
  if (value === '') return 'an empty string'
  if (typeof value === 'object' && value !== null) return describeObject(value)
  return HOLDS_A_SECRET.test(typeof value) ? `a ${typeof value}` : String(value)
}

/** The types of which only the name is shown. */
const HOLDS_A_SECRET = /string|symbol|function/

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
