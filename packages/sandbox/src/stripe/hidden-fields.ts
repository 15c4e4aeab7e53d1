import type { Hidden } from './api/expand.ts'
import { lineItems } from './checkout/lines.ts'
import { type Json, type JsonObject, textOf } from '../json.ts'
import type { StripeObject } from './core/objects.ts'
import type { StripeState } from './core/state.ts'

function listOf(url: string, data: Json[]): JsonObject {
  return { object: 'list', data: structuredClone(data), has_more: false, url }
}

function where(
  records: Record<string, StripeObject>,
  name: string,
  id: Json | undefined,
): StripeObject[] {
  return Object.values(records).filter((record) => record[name] === id)
}

/** Fields that Stripe leaves out until `expand` asks for them. */
export const hiddenFields: Hidden = {
  charge: {
    refunds: ({ refunds }, { id }) =>
      listOf(`/v1/charges/${textOf(id)}/refunds`, where(refunds, 'charge', id)),
  },
  'checkout.session': {
    line_items: (state, { id }) =>
      listOf(`/v1/checkout/sessions/${textOf(id)}/line_items`, lineItems(state, textOf(id))),
  },
  customer: {
    subscriptions: ({ subscriptions }, { id }) =>
      listOf(
        `/v1/customers/${textOf(id)}/subscriptions`,
        where(subscriptions, 'customer', id).filter(({ status }) => status !== 'canceled'),
      ),
  },
  invoice: {
    confirmation_secret: (state, invoice) => secretOf(state, invoice),
    payments: ({ invoicePayments }, { id }) =>
      listOf('/v1/invoice_payments', where(invoicePayments, 'invoice', id)),
  },
}

/** What a browser needs to pay an open invoice. */
function secretOf(
  { invoicePayments, paymentIntents }: StripeState,
  { id, status }: JsonObject,
): Json {
  const [payment] = where(invoicePayments, 'invoice', id)
  const { payment_intent: intent } = (payment?.['payment'] ?? {}) as { payment_intent?: string }
  const secret = paymentIntents[intent ?? '']?.['client_secret']
  if (typeof secret !== 'string' || status !== 'open') return null
  return { client_secret: secret, type: 'payment_intent' }
}
