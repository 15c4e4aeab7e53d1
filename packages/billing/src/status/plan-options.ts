import {
  expected,
  expectFunction,
  expectInteger,
  expectNumber,
  expectObject,
  expectOptions,
  expectText,
} from '@yuzuru/concurrency/boundary'
import { type Report, reportTo } from './billing-problem.ts'

/** What a price opens. */
export interface PriceOptions {
  /** Names of your own: `'plans'`, `'calendar'`. */
  readonly features: readonly string[]
}

/** The app's own trial. It starts when a reference is first seen, once, whatever it subscribes to later. */
export interface TrialOptions {
  /** 1 to 730. */
  readonly days: number
  /** What the trial opens. @default everything */
  readonly features?: readonly string[] | undefined
}

/** How a status is read. */
export interface PlanOptions {
  /**
   * What each price opens, by its id, its lookup key or its product's id. A price that is not listed opens
   * nothing, and is reported.
   *
   * @default every price opens everything
   */
  readonly prices?: Readonly<Record<string, PriceOptions>> | undefined
  /** @default there is no trial but Stripe's */
  readonly trial?: TrialOptions | undefined
  /** How many days a `'past_due'` subscription stays open: 0 to 60. @default 0 */
  readonly graceDays?: number | undefined
  /**
   * Called with what went wrong where no caller waits for an error. What it throws is dropped.
   *
   * @default a warning of the process
   */
  readonly report?: Report | undefined
}

/** {@link PlanOptions}, checked, in the form in which they are used. */
export interface Plan {
  /** In milliseconds; `undefined`: there is no trial. */
  readonly trialMs: number | undefined
  /** `undefined`: everything. */
  readonly trialFeatures: ReadonlySet<string> | undefined
  /** By price id, lookup key or product id; `undefined`: every price opens everything. */
  readonly prices: ReadonlyMap<string, ReadonlySet<string>> | undefined
  readonly graceMs: number
  readonly report: Report
}

const DAY_MS = 86_400_000

/** @throws {TypeError} when an option is unknown or out of its range */
export function planOf({ prices, trial, graceDays = 0, report }: PlanOptions): Plan {
  if (report !== undefined) expectFunction('report', report)
  expectNumber('graceDays', graceDays, 0, 60)
  if (trial !== undefined) {
    expectObject('trial', trial)
    expectOptions(trial, ['days', 'features'], 'createBilling.trial')
    expectInteger('trial.days', trial.days, 1, 730)
  }
  const trialFeatures = trial?.features
  return {
    trialMs: trial === undefined ? undefined : trial.days * DAY_MS,
    trialFeatures:
      trialFeatures === undefined ? undefined : featuresOf('trial.features', trialFeatures),
    prices: prices === undefined ? undefined : pricesOf(prices),
    graceMs: graceDays * DAY_MS,
    report: reportTo(report),
  }
}

function pricesOf(
  prices: Readonly<Record<string, PriceOptions>>,
): ReadonlyMap<string, ReadonlySet<string>> {
  expectObject('prices', prices)
  const entries = Object.entries(prices).map(([name, price]) => {
    expectObject('a price', price)
    expectOptions(price, ['features'], 'createBilling.prices')
    return [name, featuresOf('the features of a price', price.features)] as const
  })
  return new Map(entries)
}

function featuresOf(name: string, features: unknown): ReadonlySet<string> {
  if (!Array.isArray(features)) throw expected(`${name} to be a list of names`, features)
  for (const feature of features) expectText(`each of ${name}`, feature, 200)
  return new Set(features)
}
