import type { IoOptions } from '@yuzuru/concurrency'
import type { BillingStatus } from './status/billing-status.ts'
import type { NoticeHandler, NoticeName } from './status/notice.ts'
import type { Reconciled } from './status/reconciled.ts'

/** What is true of each reference, and how it stays so. */
export interface BillingStatuses<Tx> {
  /**
   * What is true of a reference now, from its row: Stripe is not asked. The first look makes the row, and
   * starts the app's trial.
   *
   * @throws what the store throws
   * @example
   * const status = await billing.status(officeId)
   * if (!status.canUse('plans')) return askToSubscribe(status)
   */
  status(reference: string, options?: IoOptions): Promise<BillingStatus>
  /**
   * Asks Stripe for all subscriptions of a reference and writes them down. Where the success page is shown,
   * give the session's id and whose page it is: anyone can open that URL.
   *
   * @throws {BillingError} `'not_found'` when there is no such session, or it is another reference's
   * @example
   * const status = await billing.sync({ reference: officeId, sessionId })
   */
  sync(
    of: string | { readonly sessionId: string; readonly reference?: string | undefined },
    options?: IoOptions,
  ): Promise<BillingStatus>
  /**
   * Receives Stripe's webhooks: a `fetch` handler. Any event only means "ask Stripe for this subscription
   * again". 200 when it was written down, also before; 400 when it is not signed by Stripe; 5xx when Stripe
   * or the store could not be asked: nothing is marked then, and Stripe delivers it again.
   *
   * It takes the raw body: let nothing parse it before. v1 and thin events.
   *
   * @example
   * app.post('/webhooks/stripe', (c) => billing.webhook(c.req.raw))
   */
  readonly webhook: (request: Request) => Promise<Response>
  /**
   * Compares all that lives here and at Stripe, both ways, and repairs it: after an outage, or once a day.
   *
   * @example
   * const { drift } = await billing.reconcile({ since: new Date(Date.now() - 86_400_000) })
   */
  reconcile(
    options?: IoOptions & {
      /** Ended ones are looked for among Stripe's events since. @default 30 days ago, which Stripe keeps */
      readonly since?: Date | undefined
    },
  ): Promise<Reconciled>
  /**
   * Calls `handler` once for each change, in the transaction that writes it: enqueue a job with its `tx`.
   * When it throws, nothing is written and Stripe delivers the event again. Every process that calls
   * `webhook`, `sync` or `reconcile` must have it.
   *
   * @returns takes the handler away again
   * @example
   * billing.on('payment_failed', async ({ reference }, tx) => {
   *   await enqueue(tx, askForAnotherCard, { officeId: reference })
   * })
   */
  on<Name extends NoticeName>(name: Name, handler: NoticeHandler<Name, Tx>): () => void
}
