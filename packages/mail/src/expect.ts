/** Refuses what is no integer of at least `minimum`. */
export function expectInteger(name: string, value: unknown, minimum: number): void {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= minimum) return
  throw new TypeError(
    `Expected ${name} to be an integer from ${minimum} up, got ${typeof value === 'number' ? value : typeof value}`,
  )
}

/** Refuses what is no length of time: a number of milliseconds from 0 up, also `Infinity`. */
export function expectMilliseconds(name: string, value: unknown): void {
  if (typeof value === 'number' && value >= 0) return
  throw new TypeError(
    `Expected ${name} to be a number of milliseconds from 0 up, got ${typeof value === 'number' ? value : typeof value}`,
  )
}
