import type { IoOptions } from './io-call.ts'

/** The names of {@link IoOptions}: what every call takes, for `expectOptions`. */
export const IO_OPTIONS: readonly string[] = Object.keys({
  signal: true,
  timeoutMs: true,
} satisfies Record<keyof IoOptions, true>)
