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
  AccountChange,
  AccountRecord,
  EventRecord,
  FetchDraw,
  FetchedSubscription,
  FetchWrite,
  FetchWritten,
  NewAccount,
  SubscriptionItem,
  SubscriptionRecord,
} from './stores/account-record.ts'
export type { BillingStore, ChangeListener } from './stores/billing-store.ts'
export type { CheckoutClaim, CheckoutRecord, CheckoutSession } from './stores/checkout-record.ts'
export type { CustomerIntent, CustomerRecord } from './stores/customer-record.ts'
export type { BillingSubscription } from './subscriptions/billing-subscription.ts'
export type { CheckoutInput, NativeCheckout, WhenSubscribed } from './checkout/checkout-input.ts'
export type { CheckoutChange, CheckoutPage } from './checkout/checkouts.ts'
export type { BillingStatus, BillingStatusName, NextStep } from './status/billing-status.ts'
export type { BillingProblem, BillingProblemKind, Report } from './status/billing-problem.ts'
export type {
  EventNotice,
  Notice,
  NoticeHandler,
  NoticeName,
  Notices,
  SecondSubscriptionNotice,
  ThinEvent,
} from './status/notice.ts'
export type {
  Keep,
  PlanOptions,
  PriceOptions,
  TrialOptions,
  WhenShort,
} from './status/plan-options.ts'
export { createBilling } from './create-billing.ts'
export type { CustomerDetails, CustomerInput } from './customers/customer-input.ts'
export { nativeErrorOf } from './stripe/native-error.ts'
export type { CancelAt } from './subscriptions/changes.ts'
export type { BillingInvoice } from './subscriptions/invoices.ts'
export type { PlanChange, PlanPreview, Proration, Quantity } from './subscriptions/plan-change.ts'
export type { PortalFlow, PortalInput } from './subscriptions/portal.ts'
export type { UsageInput } from './subscriptions/usage.ts'
export type { Drift, Reconciled, ReconcileOptions } from './sync/reconciled.ts'
export type { SessionOfReference, SyncInput } from './sync/sync-input.ts'
