import type { IoOptions } from '@yuzuru/concurrency'
import type { CloseOptions } from '@yuzuru/concurrency/boundary'
import type { Stripe } from 'stripe'
import type { BillingSubscription } from './subscriptions/billing-subscription.ts'
import type { Checkout } from './checkout/checkout.ts'
import type { CheckoutInput } from './checkout/checkout-input.ts'
import type { CustomerInput } from './customers/customer-input.ts'
import type { PortalInput } from './customers/portal.ts'
import type { CancelAt } from './subscriptions/subscriptions.ts'
import type { Webhooks } from './webhooks/webhooks.ts'

/** Stripe, for an app that has subscribers. Made by {@link createBilling}. */
export interface Billing<Tx = unknown> extends AsyncDisposable {
  /**
   * The native client. Unless it was passed in, its calls obey the ambient scope and fail with a
   * `BillingError`, too.
   */
  readonly client: Stripe
  /** Verifies and receives Stripe's deliveries. */
  readonly webhooks: Pick<Webhooks<Tx>, 'verify' | 'receive'>
  /**
   * Makes a customer for a reference, or finds the one that was made. However often it is called, at
   * once or after a crash, a timeout or a lost answer, there is one. The values of the first call
   * count; to change them later use `client.customers.update`.
   *
   * @throws {TypeError} on a wrong value
   * @throws {BillingError}
   */
  ensureCustomer(
    input: CustomerInput,
    options?: IoOptions,
  ): Promise<{ readonly customerId: string }>
  /**
   * Opens a hosted page on which the customer subscribes; a repeat with the same `attemptKey` gives the
   * same page.
   *
   * @throws {BillingError} `'not_found'` when the reference has no customer and none is given,
   * `'checkout_closed'` when the attempt's page was completed or has expired,
   * `'idempotency_conflict'` when the attempt was begun with other values
   */
  createCheckout(input: CheckoutInput, options?: IoOptions): Promise<Checkout>
  /**
   * Opens a hosted page on which the customer changes cards, reads invoices and cancels.
   *
   * @throws {BillingError} `'not_found'` when the reference has no customer
   */
  createPortal(input: PortalInput, options?: IoOptions): Promise<{ readonly url: string }>
  /**
   * The newest subscription that has not ended, else the newest that has, else `undefined` (also for a
   * reference that has no customer).
   */
  getSubscription(reference: string, options?: IoOptions): Promise<BillingSubscription | undefined>
  /**
   * Ends the subscription; one that has ended is left as it is.
   *
   * @throws {BillingError} `'not_found'` when there is none
   */
  cancelSubscription(
    reference: string,
    options?: IoOptions & {
      /** @default 'period-end' */
      readonly at?: CancelAt | undefined
    },
  ): Promise<BillingSubscription>
  /**
   * Takes no more calls, waits for those under way, cuts off what is left after `drainMs` (10 s by
   * default), then closes the connections. A client that was passed in stays open. A second call waits for
   * the first.
   */
  close(options?: CloseOptions): Promise<void>
}
