import { lineItems } from './checkout-lines.ts'
import { invalid } from './error.ts'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import type { StripeService } from './service.ts'

/** Which fields of which object hold an id that may be replaced by the object. */
const expandable: Readonly<Record<string, readonly string[]>> = {
  'billing_portal.session': [],
  'checkout.session': [
    'customer',
    'invoice',
    'line_items',
    'payment_intent',
    'setup_intent',
    'subscription',
  ],
  customer: ['default_source'],
  invoice: ['customer'],
  payment_intent: ['customer'],
  price: ['product'],
  product: ['default_price'],
  setup_intent: ['customer'],
  subscription: ['customer', 'latest_invoice', 'pending_setup_intent'],
}

/**
 * Applies `expand[]` to a copy of a reply. `data.customer` reaches into a list's entries; up to four
 * levels. Source: https://docs.stripe.com/api/expanding_objects
 *
 * @throws StripeFailure 400 for a field that can't be expanded
 */
export function expand(
  service: StripeService,
  reply: JsonObject,
  paths: readonly string[],
): JsonObject {
  const copy = structuredClone(reply)
  for (const path of paths) {
    const parts = path.split('.')
    if (parts.length > 4) {
      throw invalid(`You cannot expand more than 4 levels of a property (${path}).`, 'expand')
    }
    expandInto(service, copy, parts, path)
  }
  return copy
}

function expandInto(
  service: StripeService,
  target: Json,
  parts: readonly string[],
  path: string,
): void {
  const [name, ...rest] = parts
  if (name === undefined) return
  if (Array.isArray(target)) {
    for (const entry of target) expandInto(service, entry, parts, path)
    return
  }
  if (!isJsonObject(target)) return
  const kind = typeof target['object'] === 'string' ? target['object'] : ''
  const isContainer = Array.isArray(target[name]) || isJsonObject(target[name])
  if (!isContainer && !expandable[kind]?.includes(name)) {
    throw invalid(`This property cannot be expanded (${path}).`, 'expand')
  }
  if (kind === 'checkout.session' && name === 'line_items') {
    const id = typeof target['id'] === 'string' ? target['id'] : ''
    const data = lineItems(service, id)
    target[name] = {
      object: 'list',
      data,
      has_more: false,
      url: `/v1/checkout/sessions/${id}/line_items`,
    }
  }
  const value = target[name]
  if (typeof value === 'string') target[name] = lookUp(service, value)
  expandInto(service, target[name] ?? null, rest, path)
}

function lookUp({ state }: StripeService, id: string): Json {
  const { customers, intents, invoices, prices, products, subscriptions } = state
  for (const records of [customers, intents, invoices, prices, products, subscriptions]) {
    const record = Object.hasOwn(records, id) ? records[id] : undefined
    if (record) return structuredClone(record)
  }
  const kind = state.deleted[id]
  return kind === undefined ? id : { id, object: kind, deleted: true }
}
