import type { JsonObject } from '../../json.ts'
import type {
  Metadata,
  StripeCheckoutSession,
  StripeCoupon,
  StripeCustomer,
  StripeDiscount,
  StripeEndpoint,
  StripeEvent,
  StripeInvoice,
  StripeObject,
  StripePrice,
  StripeProduct,
  StripePromotionCode,
  StripeSubscription,
  StripeTestClock,
} from './objects.ts'
import type {
  StripeCharge,
  StripePaymentIntent,
  StripePaymentMethod,
  StripeSetupIntent,
} from './payment-objects.ts'

/** One line of a checkout session, kept apart because sessions show lines only when asked. */
export type CheckoutLine = { id: string; price: string; quantity: number }

/** What a session must remember until it is completed. */
export type CheckoutPlan = {
  lines: CheckoutLine[]
  discounts: DiscountChoice[]
  subscriptionData: JsonObject
  subscriptionMetadata: Metadata
}

/** A coupon, or the promotion code that stands for one. */
export type DiscountChoice = { coupon: string; promotionCode: string | null }

export type StoredReply = {
  method: string
  path: string
  fingerprint: string
  createdAt: number
  status: number
  body: JsonObject
  requestId: string
}

/** How a resumed subscription goes on: once it is paid for, or once anybody has tried to. */
export type ResumePayment = 'resume_on_payment_attempt' | 'resume_on_payment_success'

/** What a subscription or an invoice must remember and Stripe does not show. */
type Note = {
  /** `trial_will_end` went out for the trial that ends then. */
  trialWillEnd?: number
  /** Attempts that dunning has made, the first not counted. */
  retries?: number
  /** How the subscription goes on that was resumed with this invoice. */
  resumption?: ResumePayment
  /** `invoice.overdue` went out. */
  isOverdue?: boolean
}

type UsageRecord = {
  meter: string
  customer: string
  value: number
  timestamp: number
  identifier: string
}

/** A delivery that failed and waits for its turn on the sandbox's clock. */
export type WaitingDelivery = { event: string; endpoint: string; attempt: number; at: number }

export type StripeState = {
  balanceTransactions: Record<string, StripeObject>
  /** The test card behind each payment method, and whether it was set up for off-session use. */
  cards: Record<string, { number: string; isSetUp: boolean }>
  charges: Record<string, StripeCharge>
  clocks: Record<string, StripeTestClock>
  coupons: Record<string, StripeCoupon>
  customers: Record<string, StripeCustomer>
  /** Ids of deleted objects → what they were. */
  deleted: Record<string, string>
  /** Coupons that are gone, whose discounts go on. */
  deletedCoupons: Record<string, StripeCoupon>
  discounts: Record<string, StripeDiscount>
  disputes: Record<string, StripeObject>
  endpoints: Record<string, StripeEndpoint>
  endpointSecrets: Record<string, string>
  events: Record<string, StripeEvent>
  idempotency: Record<string, StoredReply>
  invoiceItems: Record<string, StripeObject>
  invoicePayments: Record<string, StripeObject>
  invoices: Record<string, StripeInvoice>
  meterEvents: Record<string, UsageRecord>
  meters: Record<string, StripeObject>
  notes: Record<string, Note>
  paymentIntents: Record<string, StripePaymentIntent>
  paymentMethods: Record<string, StripePaymentMethod>
  plans: Record<string, CheckoutPlan>
  portalConfigurations: Record<string, StripeObject>
  portalSessions: Record<string, StripeObject>
  prices: Record<string, StripePrice>
  products: Record<string, StripeProduct>
  promotionCodes: Record<string, StripePromotionCode>
  refunds: Record<string, StripeObject>
  schedules: Record<string, StripeObject>
  /** What search sees, when that lags behind. */
  searchable: Record<string, JsonObject>
  sessions: Record<string, StripeCheckoutSession>
  setupIntents: Record<string, StripeSetupIntent>
  subscriptions: Record<string, StripeSubscription>
  waiting: WaitingDelivery[]
}

export function emptyStripeState(): StripeState {
  return {
    balanceTransactions: {},
    cards: {},
    charges: {},
    clocks: {},
    coupons: {},
    customers: {},
    deleted: {},
    deletedCoupons: {},
    discounts: {},
    disputes: {},
    endpoints: {},
    endpointSecrets: {},
    events: {},
    idempotency: {},
    invoiceItems: {},
    invoicePayments: {},
    invoices: {},
    meterEvents: {},
    meters: {},
    notes: {},
    paymentIntents: {},
    paymentMethods: {},
    plans: {},
    portalConfigurations: {},
    portalSessions: {},
    prices: {},
    products: {},
    promotionCodes: {},
    refunds: {},
    schedules: {},
    searchable: {},
    sessions: {},
    setupIntents: {},
    subscriptions: {},
    waiting: [],
  }
}
