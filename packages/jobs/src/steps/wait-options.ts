import { expectMilliseconds, expectOptions } from '@yuzuru/concurrency/boundary'
import { expectEvent, expectEventKey } from '../job/expect.ts'
import type { WaitForOptions } from '../job/step.ts'

const HUNDRED_YEARS_MS = 3_153_600_000_000

const OPTIONS = Object.keys({
  key: true,
  name: true,
  timeoutMs: true,
} satisfies Record<keyof WaitForOptions, true>)

/** What a wait is for. */
export interface WaitPlan {
  readonly name: string
  readonly event: string
  readonly key: string
  readonly timeoutMs: number | undefined
}

/** Defaults first, then checks. */
export function waitPlanOf(event: string, options: WaitForOptions, jobId: string): WaitPlan {
  expectEvent(event)
  expectOptions(options, OPTIONS, 'step.waitFor')
  const { key = jobId, name = event, timeoutMs } = options
  expectEventKey(key)
  if (timeoutMs !== undefined) expectMilliseconds('timeoutMs', timeoutMs, 0, HUNDRED_YEARS_MS)
  return { name, event, key, timeoutMs }
}
