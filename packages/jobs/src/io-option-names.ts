import type { IoOptions } from '@yuzuru/concurrency'

/** What every call takes. */
export const IO_OPTIONS: readonly string[] = Object.keys({
  signal: true,
  timeoutMs: true,
} satisfies Record<keyof IoOptions, true>)
