import { describeValue } from '@yuzuru/concurrency'

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
