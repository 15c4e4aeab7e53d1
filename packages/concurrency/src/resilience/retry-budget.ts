import { expectOptions } from '../arguments/expect-options.ts'
import { expectNumber } from '../arguments/expect-kind.ts'
import { expectInteger } from '../arguments/expected.ts'

/** Options of {@link retryBudget}. */
export interface RetryBudgetOptions {
  /** How many retries each call earns: from 0 (only those of the reserve) to 1. @default 0.1, one for ten calls */
  readonly ratio?: number | undefined
  /** How many retries can be saved up, and are there at the start: an integer from 0 (none ever) up, or `Infinity`. @default 10 */
  readonly reserve?: number | undefined
}

/** Keeps retries a fraction of calls; shared by all calls to the same other side. */
export interface RetryBudget {
  /** How many retries could be made now. */
  readonly available: number
  /** Notes a first attempt. */
  deposit(): void
  /** Takes one retry out of the budget; `false` when there is none left, so do not retry. */
  tryWithdraw(): boolean
}

/**
 * Makes a budget of retries. While few calls fail, each is retried; when most calls fail, retries would
 * multiply the load on a service that is failing already, and the budget runs out (Google, "Site
 * Reliability Engineering", chapter 21, "Handling Overload"; gRPC's retry throttling).
 *
 * Make one for each service and share it: one for each call limits nothing.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @example
 * const budget = retryBudget()
 * await retry(() => http.json('/rates'), { budget })
 */
export function retryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  expectOptions(options, ['ratio', 'reserve'], 'retryBudget')
  const { ratio = 0.1, reserve = 10 } = options
  expectNumber('ratio', ratio, 0, 1)
  expectInteger('reserve', reserve, 0, Infinity)
  // In hundredths of a percent, so that ten tenths are exactly one.
  const unit = 10_000
  let saved = reserve * unit
  return {
    get available() {
      return Math.floor(saved / unit)
    },
    deposit() {
      saved = Math.min(reserve * unit, saved + Math.round(ratio * unit))
    },
    tryWithdraw() {
      if (saved < unit) return false
      saved -= unit
      return true
    },
  }
}
