import {
  expectInteger,
  expectMilliseconds,
  expectRequiredOptions,
} from '@yuzuru/concurrency/boundary'

/** How many jobs may run at once, and how many may begin in a time. */
export interface Limit {
  /** How many run at once, on all machines: an integer from 0 to 100,000. With 0 none begins. @default no limit */
  readonly concurrency?: number | undefined
  /** How many begin in any `perMs`. Each attempt counts. @default no limit */
  readonly rate?: Rate | undefined
}

/** At the most `count` in any `perMs`. */
export interface Rate {
  /** An integer from 1 to 10,000. */
  readonly count: number
  /** In milliseconds, from 1 to a day. */
  readonly perMs: number
}

/** The limits of a kind: of all its jobs, and of those of each tenant and each key. */
export interface JobLimits extends Limit {
  readonly perTenant?: Limit | undefined
  readonly perKey?: Limit | undefined
}

const LIMIT = ['concurrency', 'rate'] as const satisfies (keyof Limit)[]
const RATE = ['count', 'perMs'] as const satisfies (keyof Rate)[]
const DAY_MS = 86_400_000

/** Throws unless `limits` are limits of a kind. */
export function expectLimits(limits: JobLimits, of: string): void {
  expectRequiredOptions(limits, [...LIMIT, 'perTenant', 'perKey'], of)
  const { perTenant, perKey, ...all } = limits
  expectLimit(all, of)
  if (perTenant !== undefined) expectLimit(perTenant, `${of}.perTenant`)
  if (perKey !== undefined) expectLimit(perKey, `${of}.perKey`)
}

function expectLimit(limit: Limit, of: string): void {
  expectRequiredOptions(limit, LIMIT, of)
  const { concurrency, rate } = limit
  if (concurrency !== undefined) expectInteger('concurrency', concurrency, 0, 100_000)
  if (rate === undefined) return
  expectRequiredOptions(rate, RATE, `${of}.rate`)
  expectInteger('rate.count', rate.count, 1, 10_000)
  expectMilliseconds('rate.perMs', rate.perMs, 1, DAY_MS)
}
