import type { Json } from '../../json.ts'
import type { Metadata, StripeObject } from './objects.ts'

export type StripePaymentMethod = StripeObject & {
  object: 'payment_method'
  customer: string | null
  metadata: Metadata
  card: { brand: string; last4: string; [name: string]: Json }
}

export type StripePaymentIntent = StripeObject & {
  object: 'payment_intent'
  amount: number
  amount_received: number
  currency: string
  customer: string | null
  latest_charge: string | null
  metadata: Metadata
  payment_method: string | null
  setup_future_usage: 'off_session' | 'on_session' | null
  status:
    | 'canceled'
    | 'processing'
    | 'requires_action'
    | 'requires_capture'
    | 'requires_confirmation'
    | 'requires_payment_method'
    | 'succeeded'
}

export type StripeSetupIntent = StripeObject & {
  object: 'setup_intent'
  customer: string | null
  metadata: Metadata
  payment_method: string | null
  status: 'canceled' | 'requires_action' | 'requires_payment_method' | 'succeeded'
}

export type StripeCharge = StripeObject & {
  object: 'charge'
  amount: number
  amount_refunded: number
  balance_transaction: string | null
  currency: string
  customer: string | null
  disputed: boolean
  metadata: Metadata
  paid: boolean
  payment_intent: string | null
  payment_method: string | null
  refunded: boolean
  status: 'failed' | 'pending' | 'succeeded'
}
