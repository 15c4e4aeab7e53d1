import {
  expected,
  expectFunction,
  expectInteger,
  expectNumber,
  expectObject,
  expectOneOf,
  expectOptions,
  expectText,
} from '@yuzuru/concurrency/boundary'
import { type Report, reportTo } from './billing-problem.ts'

/** Which of two live subscriptions stays. */
export type Keep = 'first' | 'latest'

/** What a price opens. */
export interface PriceOptions {
  /** Names of your own: `'plans'`, `'calendar'`. */
  readonly features: readonly string[]
}

/** What a checkout does with a rest of the trial that is too short for Stripe. */
export type WhenShort = 'charge' | 'clamp'

/** The app's own trial. It starts when a reference is first seen, once, whatever it subscribes to later. */
export interface TrialOptions {
  /** 1 to 730. */
  readonly days: number
  /**
   * What a checkout does with what is left of the trial when that is less than Stripe takes, 48 hours:
   * `'charge'` at once, or `'clamp'`: extend it to those 48 hours.
   *
   * @default 'charge'
   */
  readonly whenShort?: WhenShort | undefined
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
   * Which of two live subscriptions of a reference stays, the older or the newer one; the other is ended at once,
   * by whatever finds both, and nothing is refunded. One that is paid for goes before one that is not, whatever
   * is said here, and one that goes on before one whose end is planned; one that waits for its first payment is
   * ended only beside one that is paid for and goes on.
   *
   * @default both stay; `on('second_subscription')` is called in any case
   */
  readonly keep?: Keep | undefined
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
  readonly whenShort: WhenShort
  /** `undefined`: everything. */
  readonly trialFeatures: ReadonlySet<string> | undefined
  /** By price id, lookup key or product id; `undefined`: every price opens everything. */
  readonly prices: ReadonlyMap<string, ReadonlySet<string>> | undefined
  readonly graceMs: number
  readonly keep: Keep | undefined
  readonly report: Report
}

const DAY_MS = 86_400_000

/** @throws {TypeError} when an option is unknown or out of its range */
export function planOf({ prices, trial, graceDays = 0, keep, report }: PlanOptions): Plan {
  if (keep !== undefined) expectOneOf('keep', keep, ['first', 'latest'])
  if (report !== undefined) expectFunction('report', report)
  expectNumber('graceDays', graceDays, 0, 60)
  if (trial !== undefined) {
    expectObject('trial', trial)
    expectOptions(trial, ['days', 'whenShort', 'features'], 'createBilling.trial')
    expectInteger('trial.days', trial.days, 1, 730)
    if (trial.whenShort !== undefined) {
      expectOneOf('trial.whenShort', trial.whenShort, ['charge', 'clamp'])
    }
  }
  const trialFeatures = trial?.features
  return {
    trialMs: trial === undefined ? undefined : trial.days * DAY_MS,
    whenShort: trial?.whenShort ?? 'charge',
    trialFeatures:
      trialFeatures === undefined ? undefined : featuresOf('trial.features', trialFeatures),
    prices: prices === undefined ? undefined : pricesOf(prices),
    graceMs: graceDays * DAY_MS,
    keep,
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
