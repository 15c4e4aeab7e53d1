import type { IoOptions } from '@yuzuru/concurrency'
import type { BillingSubscription } from './subscriptions/billing-subscription.ts'
import type { CancelAt } from './subscriptions/changes.ts'
import type { BillingInvoice } from './subscriptions/invoices.ts'
import type { PlanChange, PlanPreview, Proration } from './subscriptions/plan-change.ts'
import type { PortalInput } from './subscriptions/portal.ts'
import type { UsageInput } from './subscriptions/usage.ts'

/**
 * What is done with the live subscription of a reference: the best one that has not ended. Each verb looks at
 * Stripe first, gives what Stripe answered, and writes that down in the store. All are safe to repeat: what
 * was done already is found so.
 */
export interface BillingActions {
  /**
   * Opens a hosted page on which the customer changes cards, reads invoices and cancels
   * (https://docs.stripe.com/customer-management), or does the one thing that `flow` says. For an end that is planned
   * already it opens the first page, where that can be taken back.
   *
   * @throws {BillingError} `'not_found'` when the reference has no customer, or no subscription for the flow
   * @example
   * const { url } = await billing.portal(officeId, {
   *   returnUrl: 'https://example.jp/billing',
   *   flow: 'payment_method_update',
   * })
   */
  portal(
    reference: string,
    input: PortalInput,
    options?: IoOptions,
  ): Promise<{ readonly url: string }>
  /**
   * Changes the price, and the quantity if it is given; else that stays. One that has both already is left as it is.
   * A price that is billed by usage takes the place of several seats with `quantity: 'metered'`. What a schedule of
   * Stripe's had planned is given up, but for the end.
   *
   * @throws {BillingError} `'not_found'` when there is no subscription; `'unsupported'` when it has several
   *   prices and `native.items` does not say which one, or waits for its first payment; `'card_declined'`
   * @example
   * const { prorationDate } = await billing.previewPlan(officeId, { price: 'price_team' })
   * await billing.changePlan(officeId, { price: 'price_team', prorationDate })
   */
  changePlan(
    reference: string,
    change: PlanChange,
    options?: IoOptions,
  ): Promise<BillingSubscription>
  /**
   * What {@link BillingActions.changePlan} would cost; changes nothing. All of `native` that decides what
   * a change costs counts here too. Without a `prorationDate` it is from now, or from the nearest moment of the period
   * where our clock is outside of it.
   *
   * @throws {BillingError} as `changePlan`
   */
  previewPlan(reference: string, change: PlanChange, options?: IoOptions): Promise<PlanPreview>
  /**
   * Changes the quantity: 1 to 1,000,000. A schedule of Stripe's goes on: its next phase has a quantity of its own.
   *
   * @throws {BillingError} as `changePlan`
   */
  setQuantity(
    reference: string,
    quantity: number,
    options?: IoOptions & {
      /** @default 'create_prorations' */
      readonly proration?: Proration | undefined
    },
  ): Promise<BillingSubscription>
  /**
   * Ends the subscription: with the period that is paid for, at once, or at a moment that is to come; one that
   * has ended is left as it is. Of several all are ended. One that waits for its first payment is ended at once, and
   * so is a paused one without a date, as its period is over.
   * What a schedule of Stripe's had planned is given up. Nothing is refunded.
   *
   * @throws {BillingError} `'not_found'` when there never was one
   * @example
   * await billing.cancel(officeId, { at: 'period-end' })
   */
  cancel(
    reference: string,
    options?: IoOptions & {
      /** @default 'period-end' */
      readonly at?: CancelAt | undefined
    },
  ): Promise<BillingSubscription>
  /**
   * Takes a planned end back, and has a paused subscription go on; one that goes on anyway is left as it is. What is
   * due for the new period of a paused one is paid, and while the card's owner has to confirm that, or there is no card,
   * it is not active: {@link BillingActions.retryPayment} leads to the page.
   *
   * @throws {BillingError} `'not_found'` when there is none that has not ended; `'card_declined'`
   */
  resume(reference: string, options?: IoOptions): Promise<BillingSubscription>
  /**
   * Tries the newest open invoice again; of an unpaid subscription its newest draft, by which its status goes.
   * `confirmUrl` is Stripe's page where a person pays it: when the bank asks the card's owner to confirm that, and
   * when there is no card to be charged. Without an open invoice nothing is done.
   *
   * @throws {BillingError} `'card_declined'`; `'not_found'` when there is no subscription
   * @example
   * const { confirmUrl } = await billing.retryPayment(officeId)
   */
  retryPayment(
    reference: string,
    options?: IoOptions,
  ): Promise<{
    readonly subscription: BillingSubscription
    readonly confirmUrl: string | undefined
  }>
  /**
   * The invoices, the newest first; none for a reference without a customer. They are read from Stripe page by
   * page, and no further than you read; `timeoutMs` is for each page.
   *
   * @example
   * for await (const { number, url } of billing.invoices(officeId)) report(`${number}: ${url}`)
   */
  invoices(reference: string, options?: IoOptions): AsyncIterable<BillingInvoice>
  /**
   * Counts usage of a metered price (https://docs.stripe.com/billing/subscriptions/usage-based), once for each
   * `id`. Stripe sums it up a little later.
   *
   * @throws {BillingError} `'not_found'` when the reference has no customer; `'invalid_request'` when there is
   *   no such meter
   * @example
   * await billing.usage(officeId, { meter: 'pages', value: 3, id: `plan ${planId}` })
   */
  usage(reference: string, input: UsageInput, options?: IoOptions): Promise<void>
}
