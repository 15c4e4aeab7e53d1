import { expected, expectMilliseconds, expectRequiredOptions } from '@yuzuru/concurrency/boundary'
import type { Settlement } from '../engine/settle.ts'
import type { Snooze } from '../job/job.ts'

const HUNDRED_YEARS_MS = 3_153_600_000_000

/** Throws unless `until` is a {@link Snooze}. */
export function expectSnooze(until: Snooze): void {
  expectRequiredOptions(until, ['runAt', 'delayMs'], 'snooze')
  const { runAt, delayMs } = until
  if ((runAt === undefined) === (delayMs === undefined)) {
    throw new TypeError(
      `Expected one of runAt and delayMs, got ${runAt === undefined ? 'neither' : 'both'}`,
    )
  }
  if (delayMs !== undefined) expectMilliseconds('delayMs', delayMs, 1, HUNDRED_YEARS_MS)
  else if (!(runAt instanceof Date) || Number.isNaN(runAt.getTime())) {
    throw expected('runAt to be a valid Date', runAt)
  }
}

/** What becomes of a job whose handler has snoozed it. Of a moment the delay is what this process's clock says. */
export function snoozedFor({ runAt, delayMs }: Snooze): Settlement {
  const back = { to: 'waiting', refund: true, snoozed: true } as const
  if (runAt === undefined) return { ...back, delayMs }
  // PostgreSQL has no moment before 4713 BC, and what is before 1970 is over as well.
  const until = Math.max(0, runAt.getTime())
  return { ...back, delayMs: Math.max(1, until - Date.now()), until }
}
