export type { Billing } from './billing.ts'
export {
  BillingError,
  type BillingErrorCode,
  type BillingErrorInit,
  type StripeDetails,
} from './billing-error.ts'
export type {
  BillingOptions,
  ClientBillingOptions,
  CommonBillingOptions,
  OwnBillingOptions,
} from './billing-options.ts'
export type {
  BillingStore,
  CustomerIntent,
  CustomerRecord,
  EventRecord,
  Processed,
} from './stores/billing-store.ts'
export { type BillingSubscription, subscriptionOf } from './subscriptions/billing-subscription.ts'
export type { Checkout } from './checkout/checkout.ts'
export type { CheckoutInput, TrialInput } from './checkout/checkout-input.ts'
export { createBilling } from './create-billing.ts'
export type { CustomerDetails, CustomerInput } from './customers/customer-input.ts'
export type { PortalInput } from './customers/portal.ts'
export type { CancelAt } from './subscriptions/subscriptions.ts'
export type { Received, WebhookHandler } from './webhooks/webhooks.ts'
