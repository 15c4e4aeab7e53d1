import type { Task, TaskGroup } from '@yuzuru/concurrency'
import type { Call } from './caller.ts'
import type { Fault, Target } from './faults.ts'

/** A fault of this run: when it struck, and when it was over, in milliseconds since the load began. */
export interface Strike {
  readonly fault: Fault
  struckAt: number
  overAt: number
}

/** What the callers met of one fault. */
export interface StrikeFigures {
  /** Requests that were under way while it lasted. */
  readonly calls: number
  /** Of those, the ones that failed and said so. */
  readonly failed: number
  /** Of those, the ones of which nothing was ever heard. */
  readonly silent: number
  /** From its end to the end of the last request that failed before the next fault struck. */
  readonly recoveredMs: number
}

/**
 * Strikes the faults one after the other while the load goes on, each for the middle half of its share of
 * the operations.
 *
 * @returns what to call before each operation begins
 */
export function strikeInTurn(
  strikes: readonly Strike[],
  operations: number,
  target: Target,
  group: TaskGroup,
  now: () => number,
): (index: number) => void {
  const share = operations / strikes.length
  const begins = strikes.map((_, turn) => Math.floor((turn + 0.25) * share))
  const ends = strikes.map((_, turn) => Math.floor((turn + 0.75) * share))
  const end = async (strike: Strike, struck: Task<void> | undefined): Promise<void> => {
    await struck
    const cured = strike.fault.cure?.(target)
    strike.overAt = now()
    await cured
  }
  const begun: Task<void>[] = []
  return (index) => {
    for (const [turn, strike] of strikes.entries()) {
      if (begins[turn] === index) {
        strike.struckAt = now()
        begun[turn] = group.spawn(async () => await strike.fault.strike(target))
      }
      if (ends[turn] === index) {
        group.spawn(() => end(strike, begun[turn]))
      }
    }
  }
}

export function figuresOf(strikes: readonly Strike[], calls: readonly Call[]): StrikeFigures[] {
  return strikes.map(({ struckAt, overAt }, index) => {
    const next = strikes[index + 1]?.struckAt ?? Infinity
    const during = calls.filter(({ at, ms }) => at < overAt && at + ms > struckAt)
    const failed = during.filter(({ heard }) => heard === 'refused' || heard === 'cut')
    const silent = during.filter(({ heard }) => heard === 'silent')
    const ends = calls
      .filter(({ heard, at, ms }) => heard !== 'ok' && at + ms > overAt && at + ms < next)
      .map(({ at, ms }) => at + ms - overAt)
    return {
      calls: during.length,
      failed: failed.length,
      silent: silent.length,
      recoveredMs: Math.max(0, ...ends),
    }
  })
}
