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

export function expectInteger(name: string, value: unknown, from: number, to: number): void {
  if (Number.isSafeInteger(value) && Number(value) >= from && Number(value) <= to) return
  throw new TypeError(
    `Expected ${name} to be an integer from ${from} to ${to}, got ${describeValue(value)}`,
  )
}

/** Refuses what is no object of options. */
export function expectObject(name: string, value: unknown): void {
  if (typeof value === 'object' && value !== null) return
  throw new TypeError(`Expected ${name} to be an object, got ${describeValue(value)}`)
}
