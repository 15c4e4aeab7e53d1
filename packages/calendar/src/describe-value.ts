/** Names a value in the message of a `TypeError` without printing what may be secret in it. */
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

/** Refuses what is no object. */
export function expectObject(name: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  throw new TypeError(`Expected ${name} to be an object, got ${describeValue(value)}`)
}

/** Refuses what is no text of 1 to `longest` characters. */
export function expectText(name: string, value: unknown, longest: number): void {
  if (typeof value === 'string' && value !== '' && value.length <= longest) return
  const got =
    typeof value === 'string' && value !== ''
      ? `one of ${value.length} characters`
      : describeValue(value)
  throw new TypeError(`Expected ${name} to be a text of 1 to ${longest} characters, got ${got}`)
}

/** Refuses what is no account's name: 1 to 200 characters. */
export function expectReference(reference: unknown): void {
  expectText('reference', reference, 200)
}
