import type { IoOptions } from '@yuzuru/concurrency'
import type { CloseOptions } from '@yuzuru/concurrency/boundary'
import type { Stripe } from 'stripe'
import type { BillingActions } from './billing-actions.ts'
import type { CheckoutInput } from './checkout/checkout-input.ts'
import type { CheckoutChange, CheckoutPage } from './checkout/checkouts.ts'
import type { CustomerInput } from './customers/customer-input.ts'
import type { BillingStatus } from './status/billing-status.ts'
import type { NoticeHandler, NoticeName } from './status/notice.ts'
import type { Reconciled, ReconcileOptions } from './sync/reconciled.ts'
import type { SyncInput } from './sync/sync-input.ts'

/** Stripe, for an app that has subscribers. Made by {@link createBilling}. */
export interface Billing<Tx = unknown> extends BillingActions, AsyncDisposable {
  /**
   * The native client. Unless it was passed in, its calls obey the ambient scope and fail with a
   * `BillingError`, too.
   */
  readonly client: Stripe
  /**
   * Makes a customer for a reference, or finds the one that was made. However often it is called, at the same
   * time or after a crash, a timeout or a lost answer, there is only one. The values of the first call
   * count; to change them later use `client.customers.update`.
   *
   * @throws {TypeError} when a value is missing or has the wrong form
   * @throws {BillingError} when Stripe or the way to it fails; calling it again is always safe
   * @throws {TimeoutError} when `timeoutMs` has passed
   * @throws {Cancelled} when the scope around it is cancelled
   * @example
   * const { customerId } = await billing.ensureCustomer({ reference: officeId, email: office.email })
   */
  ensureCustomer(
    input: CustomerInput,
    options?: IoOptions,
  ): Promise<{ readonly customerId: string }>
  /**
   * Opens a hosted page on which the customer subscribes (https://docs.stripe.com/payments/checkout). A
   * reference has one open page or one live subscription, however many tabs, processes and attempts there
   * are: a second call for the same gives the same page, and one for something else (another price, another
   * locale) expires that page first. What is left of the app's trial goes along.
   *
   * A page is open for 24 hours. The return to `successUrl` is no proof of payment, as anyone can open that
   * URL: act on the webhook.
   *
   * @throws {TypeError} when a value is missing or has the wrong form
   * @throws {BillingError} `'already_subscribed'` when the reference has a subscription that has not ended,
   *   unless `whenSubscribed` is `'change'`; `'not_found'` when the reference has no customer and none is
   *   given; calling it again is always safe
   * @example
   * const { url } = await billing.checkout(officeId, {
   *   price: 'price_basic',
   *   customer: { email: office.email },
   *   successUrl: 'https://example.jp/billing?session={CHECKOUT_SESSION_ID}',
   * })
   */
  checkout(
    reference: string,
    input: CheckoutInput & { readonly whenSubscribed?: 'refuse' | undefined },
    options?: IoOptions,
  ): Promise<CheckoutPage>
  /** With `whenSubscribed: 'change'` a live subscription gets the price and quantity, without a page. */
  checkout(
    reference: string,
    input: CheckoutInput,
    options?: IoOptions,
  ): Promise<CheckoutPage | CheckoutChange>
  /**
   * What is true of a reference now, from its rows: Stripe is not asked. The first look makes its account, and
   * starts the app's own trial if `createBilling` was given one; that has one date for good.
   *
   * Rows are as new as the last webhook or `sync`. Time needs neither: a trial, days of grace and a planned end
   * are over when their time has come.
   *
   * @throws {TypeError} when the reference is no string of 1 to 200 characters
   * @throws what the store throws
   * @throws {TimeoutError} when `timeoutMs` has passed
   * @throws {Cancelled} when the scope around it is cancelled
   * @example
   * const { status, next, canUse } = await billing.status(officeId)
   * if (!canUse('calendar')) return { status, next }
   */
  status(reference: string, options?: IoOptions): Promise<BillingStatus>
  /**
   * Asks Stripe for all subscriptions of a reference, or of a checkout's session, writes them down, and gives
   * what is true then. The success page does so, as it may be shown before the webhook has come.
   *
   * @throws {BillingError} `'not_found'` when there is no such session, or it is another reference's;
   *   `'customer_unknown'` when the key is of another account or mode than the customer
   * @example
   * const { status } = await billing.sync({ sessionId: 'cs_test_a1', reference: officeId })
   */
  sync(of: SyncInput, options?: IoOptions): Promise<BillingStatus>
  /**
   * Receives Stripe's webhooks: a `fetch` handler. Whatever an event says, it only means "ask Stripe for this
   * subscription again"; so it matters neither in which order events come, nor how often, nor in which version
   * of the API.
   *
   * - 200: the subscription is written down, and the event is marked; also when it had come before.
   * - 400: it is not signed with one of `webhookSecret`, too old, or no event of API v1.
   * - 500, 503: nothing is marked, and Stripe delivers it again. `report` is called with the error.
   *
   * It needs the raw body: let nothing parse it before. Needs no `this`.
   *
   * @throws {TypeError} when the body was read before, or `createBilling` was given no `webhookSecret`
   * @throws {Cancelled} when the scope around it is cancelled
   * @example
   * const app = new Hono()
   * app.post('/webhooks/stripe', (c) => billing.webhook(c.req.raw))
   */
  readonly webhook: (request: Request) => Promise<Response>
  /**
   * Compares all that goes on here and at Stripe, both ways, and repairs the rows: after an outage, and once a
   * day. Handlers of {@link on} are called for what it repairs. Two at once do no harm; one that broke off is
   * begun anew.
   *
   * It asks Stripe for pages of a hundred, one after the other, and for each row of ours that was not listed. What
   * fails of one subscription alone, a handler that throws say, holds up no other: `report` is called with it, and
   * the first such error is thrown when all others are done.
   *
   * @throws {BillingError} when Stripe or the way to it fails; what was repaired stays so
   * @example
   * const { checked, drift } = await billing.reconcile({
   *   since: new Date(Date.now() - 7 * 86_400_000),
   * })
   */
  reconcile(options?: ReconcileOptions): Promise<Reconciled>
  /**
   * Calls `handler` for each change, within the transaction that writes it. What the handler writes with `tx`
   * (a job, say) is there if, and only if, the change is: once, whatever breaks off, comes twice or out of
   * order. What it does elsewhere may happen more than once. When it throws, nothing is written; Stripe
   * delivers the event again, and `sync` fails.
   *
   * Every process that calls anything but `status` must have the handlers: a
   * change that is written without them is not announced later. What time alone does (the end of the app's
   * trial, of days of grace) writes nothing and is not announced, but for `'trial_ending'`.
   *
   * @returns takes the handler away again
   * @throws {TypeError} when there is no such name
   * @example
   * billing.on('payment_failed', async ({ reference, status }, tx) => {
   *   console.log(reference, status.status, tx)
   * })
   */
  on<Name extends NoticeName>(name: Name, handler: NoticeHandler<Name, Tx>): () => void
  /** Whose customer it is; `undefined`: nobody's here. Stripe is not asked. */
  referenceOf(customerId: string, options?: IoOptions): Promise<string | undefined>
  /**
   * Makes a customer that Stripe has the reference's: one that was made in the dashboard, say. Its subscriptions
   * are the reference's from then on.
   *
   * @throws {BillingError} `'not_found'`, `'customer_deleted'`; `'conflict'` when the customer is another
   *   reference's, or the reference has another one that Stripe still has
   * @example
   * const { status } = await billing.adoptCustomer(officeId, 'cus_QXg1o8vcGmoR32')
   */
  adoptCustomer(reference: string, customerId: string, options?: IoOptions): Promise<BillingStatus>
  /**
   * Takes no more calls, waits for those under way, cuts off what is left after `drainMs` (10 s by
   * default), then closes the connections. A client that was passed in stays open. A second call waits for
   * the first.
   *
   * @throws {TypeError} when an option is unknown or out of its range, before anything is closed
   */
  close(options?: CloseOptions): Promise<void>
}
