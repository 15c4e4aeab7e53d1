import { cancelScope, type IoOptions } from '@yuzuru/concurrency'
import type { Billing } from '../src/billing.ts'
import { signWebhook } from '../src/testing/sign-webhook.ts'

const url = 'https://example.jp/'

/** What a verb is called for. */
export interface VerbOf {
  readonly reference: string
  readonly price: string
  /** Of the reference, or of nobody where the verb is to adopt one. */
  readonly customer: string
  /** What the webhook receives, and what signs it. */
  readonly event: object
  readonly webhookSecret: string
}

export type Verb = <Tx>(billing: Billing<Tx>, of: VerbOf, options: IoOptions) => Promise<unknown>

/** Each verb of a billing that waits for its store or for Stripe. */
export const VERBS: Readonly<Record<string, Verb>> = {
  ensureCustomer: (billing, { reference }, options) =>
    billing.ensureCustomer({ reference: `${reference}-new`, email: 'a@example.jp' }, options),
  checkout: (billing, { reference, price }, options) => {
    const customer = { email: 'a@example.jp' }
    return billing.checkout(`${reference}-new`, { price, customer, successUrl: url }, options)
  },
  status: (billing, { reference }, options) => billing.status(reference, options),
  sync: (billing, { reference }, options) => billing.sync(reference, options),
  webhook: (billing, { event, webhookSecret }, options) => {
    const { body, signature } = signWebhook(JSON.stringify(event), webhookSecret)
    const headers = { 'stripe-signature': signature }
    const request = new Request(url, { method: 'POST', body, headers })
    return cancelScope(() => billing.webhook(request), options)
  },
  reconcile: (billing, _, options) => billing.reconcile(options),
  referenceOf: (billing, { customer }, options) => billing.referenceOf(customer, options),
  adoptCustomer: (billing, { reference, customer }, options) =>
    billing.adoptCustomer(reference, customer, options),
  portal: (billing, { reference }, options) =>
    billing.portal(reference, { returnUrl: url, flow: 'subscription_cancel' }, options),
  changePlan: (billing, { reference, price }, options) =>
    billing.changePlan(reference, { price, quantity: 3 }, options),
  previewPlan: (billing, { reference, price }, options) =>
    billing.previewPlan(reference, { price, quantity: 3 }, options),
  setQuantity: (billing, { reference }, options) => billing.setQuantity(reference, 2, options),
  cancel: (billing, { reference }, options) => billing.cancel(reference, options),
  resume: (billing, { reference }, options) => billing.resume(reference, options),
  retryPayment: (billing, { reference }, options) => billing.retryPayment(reference, options),
  invoices: (billing, { reference }, options) =>
    Array.fromAsync(billing.invoices(reference, options)),
  usage: (billing, { reference }, options) =>
    billing.usage(reference, { meter: 'pages', value: 1, id: `use of ${reference}` }, options),
}
