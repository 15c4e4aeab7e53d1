import { describeValue } from '@yuzuru/concurrency'

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
