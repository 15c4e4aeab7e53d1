import { isJsonObject, type Json, type JsonObject } from '../../json.ts'
import type { FormHash } from './form.ts'

/** Since then a period belongs to each item, and an invoice names its parent. */
const basil = '2025-03-31'

/** Since then an anchor is changed by an object with a type. */
const endive = '2026-09-30'

/**
 * A request of the version that its sender names, in the shape of the newest.
 * Source: https://docs.stripe.com/changelog/endive/2026-09-30/polymorphic-billing-cycle-anchor
 */
export function fromVersion(form: FormHash, version: string): FormHash {
  if (version.slice(0, endive.length) >= endive) return form
  const { billing_cycle_anchor: anchor, subscription_details: details } = form
  return {
    ...form,
    ...(anchor === 'now' || anchor === 'unchanged'
      ? { billing_cycle_anchor: { type: anchor } }
      : {}),
    ...(details === undefined || typeof details === 'string'
      ? {}
      : { subscription_details: fromVersion(details, version) }),
  }
}

/**
 * A reply or an event's object in the shape of the version that its reader asked for. Only what decides
 * about a subscription is translated: its period, and the subscription of an invoice.
 * Source: https://docs.stripe.com/changelog/basil
 */
export function inVersion<T extends Json>(value: T, version: string): T {
  return version.slice(0, basil.length) >= basil ? value : (older(value) as T)
}

function older(value: Json): Json {
  if (Array.isArray(value)) return value.map(older)
  if (!isJsonObject(value)) return value
  const inner: JsonObject = {}
  for (const [name, field] of Object.entries(value)) inner[name] = older(field)
  if (inner['object'] === 'subscription') return { ...olderSubscription(inner), ...periodOf(value) }
  if (inner['object'] === 'subscription_item') {
    const { current_period_end: _end, current_period_start: _start, ...item } = inner
    return item
  }
  if (inner['object'] === 'invoice') return olderInvoice(inner)
  return inner
}

function olderSubscription(subscription: JsonObject): JsonObject {
  const { billing_mode: _mode, billing_schedules: _schedules, ...rest } = subscription
  return rest
}

function olderInvoice(invoice: JsonObject): JsonObject {
  const { parent, ...rest } = invoice
  const details = isJsonObject(parent) ? parent['subscription_details'] : undefined
  const subscription = isJsonObject(details) ? (details['subscription'] ?? null) : null
  return { ...rest, subscription, paid: invoice['status'] === 'paid' }
}

/** The period of the first item, which an older subscription has itself. */
function periodOf({ items }: JsonObject): JsonObject {
  const data = isJsonObject(items) ? items['data'] : undefined
  const first = Array.isArray(data) ? data[0] : undefined
  if (!isJsonObject(first)) return {}
  const { current_period_end: end = null, current_period_start: start = null } = first
  return { current_period_end: end, current_period_start: start }
}
