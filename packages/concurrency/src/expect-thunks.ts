import { describeValue } from './describe-value.ts'

/** Refuses a promise, say, where a function is asked for: `starter` begins the work itself. */
export function expectThunks(
  starter: string,
  entries: Iterable<readonly [unknown, unknown]>,
): void {
  for (const [key, thunk] of entries) {
    if (typeof thunk === 'function') continue
    throw new TypeError(
      `Expected ${String(key)} to be a function, got ${describeValue(thunk)}: ${starter} starts the work itself`,
    )
  }
}
