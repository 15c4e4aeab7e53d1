import { describeValue } from '@yuzuru/concurrency'

/** Refuses what is no number from 0 up; `Infinity` is one. */
export function expectAmount(name: string, value: unknown): void {
  if (typeof value === 'number' && value >= 0) return
  throw new TypeError(`Expected ${name} to be a number from 0 up, got ${describeValue(value)}`)
}

export function expectInteger(name: string, value: unknown, from: number, to: number): void {
  if (Number.isSafeInteger(value) && Number(value) >= from && Number(value) <= to) return
  throw new TypeError(
    `Expected ${name} to be an integer from ${from} to ${to}, got ${describeValue(value)}`,
  )
}
