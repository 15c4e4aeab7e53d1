import { expectInteger, expectOptions, expectRequiredOptions } from '@yuzuru/concurrency/boundary'
import { GradientLimit } from './gradient-limit.ts'
import { fixedLimit, type LearningLimit, type Limit } from './limit.ts'

/** Between what a limit that adapts itself stays. */
export interface AdaptiveLimitOptions {
  /** The fewest requests at once: an integer from 1 up. @default 3 */
  readonly min?: number | undefined
  /** The most, those counted whose answer is only being sent: an integer from `min` up. @default 1_000 */
  readonly max?: number | undefined
}

/** How many requests may run at once: so many, or as many as the server can carry. */
export type LimitOption = number | 'adaptive' | { readonly adaptive: AdaptiveLimitOptions }

/** The same, checked. */
export type LimitSetting = number | { readonly min: number; readonly max: number }

/** @throws {TypeError} on what is none */
export function limitSetting(option: LimitOption): LimitSetting {
  if (typeof option === 'object' && option !== null) {
    expectOptions(option, ['adaptive'], 'limit')
    const { adaptive } = option
    expectRequiredOptions(adaptive, ['min', 'max'], 'limit.adaptive')
    const { min = 3, max = 1_000 } = adaptive
    expectInteger('limit.adaptive.min', min, 1)
    expectInteger('limit.adaptive.max', max, min)
    return { min, max }
  }
  if (option === 'adaptive') return { min: 3, max: 1_000 }
  expectInteger('limit', option, 1, Infinity)
  return option
}

export function limitOf(setting: LimitSetting): Limit | LearningLimit {
  return typeof setting === 'number' ? fixedLimit(setting) : new GradientLimit(setting)
}
