import { expected, expectFunction, expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import type { IoOptions } from '@yuzuru/concurrency'

/**
 * One subscription of which our row was not what Stripe says:
 * - `'changed'`: the row is now what Stripe says.
 * - `'missing'`: there was no row; there is one now.
 * - `'stranger'`: no reference is known whose it is; `adoptCustomer` says so.
 * - `'customer_unknown'`: Stripe never had its customer: the key is of another account or mode. Nothing was
 *   written.
 */
export interface Drift {
  readonly kind: 'changed' | 'missing' | 'stranger' | 'customer_unknown'
  readonly reference: string | undefined
  /** Of the subscription. */
  readonly id: string
  /** Stripe's word in our row; `undefined`: there was none. */
  readonly was: string | undefined
  /** Stripe's word; `undefined`: it has none. */
  readonly is: string | undefined
}

/** What {@link Billing.reconcile} found. */
export interface Reconciled {
  /** How many subscriptions were compared. */
  readonly checked: number
  readonly drift: readonly Drift[]
}

/** For {@link Billing.reconcile}. */
export interface ReconcileOptions extends IoOptions {
  /**
   * How far back it looks for subscriptions that came and ended unseen, by when they were made.
   *
   * @default 30 days ago
   */
  readonly since?: Date | undefined
  /** Called with each as it is found; what it throws ends the call. */
  readonly onDrift?: ((drift: Drift) => void) | undefined
}

const DEFAULT_MS = 30 * 86_400_000

/** @throws {TypeError} when an option is unknown or out of its range */
export function reconcileOptions(
  options: ReconcileOptions | undefined,
  now: number,
): { readonly since: number; readonly onDrift: (drift: Drift) => void } {
  expectOptions(options, [...IO_OPTIONS, 'since', 'onDrift'], 'billing.reconcile')
  const { since = new Date(now - DEFAULT_MS), onDrift = () => undefined } = options ?? {}
  if (!(since instanceof Date) || !(since.getTime() >= 0)) {
    throw expected('since to be a Date from 1970 on', since)
  }
  expectFunction('onDrift', onDrift)
  return { since: since.getTime(), onDrift }
}
