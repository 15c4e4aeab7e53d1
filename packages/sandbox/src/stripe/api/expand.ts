import { isJsonObject, type Json, type JsonObject } from '../../json.ts'
import type { StripeState } from '../core/state.ts'
import { invalid } from './error.ts'

/** Which fields of which object hold an id that may be replaced by the object. */
const references: Readonly<Record<string, readonly string[]>> = {
  balance_transaction: ['source'],
  charge: ['balance_transaction', 'customer', 'failure_balance_transaction', 'payment_intent'],
  'checkout.session': ['customer', 'invoice', 'payment_intent', 'setup_intent', 'subscription'],
  customer: ['default_source', 'test_clock'],
  discount: ['customer', 'promotion_code'],
  discount_source: ['coupon'],
  dispute: ['charge', 'payment_intent'],
  invoice: ['customer', 'default_payment_method', 'discounts', 'test_clock'],
  invoice_payment: ['invoice'],
  invoiceitem: ['customer', 'discounts', 'invoice', 'test_clock'],
  payment_intent: ['customer', 'latest_charge', 'payment_method'],
  payment_method: ['customer'],
  price: ['product'],
  product: ['default_price'],
  promotion_code: ['customer'],
  refund: ['balance_transaction', 'charge', 'customer', 'payment_intent', 'payment_method'],
  setup_intent: ['customer', 'payment_method'],
  subscription: [
    'customer',
    'default_payment_method',
    'discounts',
    'latest_invoice',
    'pending_setup_intent',
    'schedule',
    'test_clock',
  ],
  subscription_item: ['discounts'],
  subscription_schedule: ['customer', 'subscription', 'test_clock'],
}

/** Hashes without an `object` that hold an id: the object they are in, and their name. */
const inside: Readonly<Record<string, readonly string[]>> = {
  'customer.invoice_settings': ['default_payment_method'],
  'discount.source': ['coupon'],
  'invoice_payment.payment': ['payment_intent', 'charge'],
  'promotion_code.promotion': ['coupon'],
}

/** Fields that an object shows only when asked, and what they then hold. */
export type Hidden = Readonly<
  Record<string, Readonly<Record<string, (state: StripeState, object: JsonObject) => Json>>>
>

/**
 * Applies `expand[]` to a copy of a reply. `data.customer` reaches into a list's entries; up to four
 * levels, a list's `data` not counted. Source: https://docs.stripe.com/api/expanding_objects
 *
 * @throws StripeFailure 400 for a field that can't be expanded
 */
export function expand(
  state: StripeState,
  hidden: Hidden,
  reply: JsonObject,
  paths: readonly string[],
): JsonObject {
  const copy = structuredClone(reply)
  for (const path of paths) {
    const parts = path.split('.')
    if (parts.filter((part) => part !== 'data').length > 4) {
      throw invalid(`You cannot expand more than 4 levels of a property (${path}).`, 'expand')
    }
    into(copy, parts, '')
    function into(target: Json, rest: readonly string[], holder: string): void {
      const [name, ...deeper] = rest
      if (name === undefined) return
      if (Array.isArray(target)) {
        for (const entry of target) into(entry, rest, holder)
        return
      }
      if (!isJsonObject(target)) return
      const kind = typeof target['object'] === 'string' ? target['object'] : holder
      const show = hidden[kind]?.[name]
      if (show) target[name] = show(state, target)
      const value = target[name] ?? null
      const allowed = [...(references[kind] ?? []), ...(inside[kind] ?? [])]
      const isContainer = isJsonObject(value) || Array.isArray(value)
      if (!show && !isContainer && !allowed.includes(name)) {
        throw invalid(`This property cannot be expanded (${path}).`, 'expand')
      }
      if (typeof value === 'string') target[name] = lookUp(state, value)
      if (Array.isArray(value)) {
        target[name] = value.map((entry) =>
          typeof entry === 'string' ? lookUp(state, entry) : entry,
        )
      }
      into(target[name] ?? null, deeper, `${kind}.${name}`)
    }
  }
  return copy
}

function lookUp(state: StripeState, id: string): Json {
  for (const records of Object.values(state)) {
    if (Array.isArray(records) || !Object.hasOwn(records, id)) continue
    const record: unknown = (records as Record<string, unknown>)[id]
    if (isObjectOf(record, id)) return structuredClone(record)
  }
  const kind = state.deleted[id]
  return kind === undefined ? id : { id, object: kind, deleted: true }
}

function isObjectOf(record: unknown, id: string): record is JsonObject {
  return (
    typeof record === 'object' &&
    record !== null &&
    'object' in record &&
    'id' in record &&
    record.id === id
  )
}
