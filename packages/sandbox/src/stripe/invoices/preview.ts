import type { JsonObject } from '../../json.ts'
import { invalid } from '../api/error.ts'
import type { StripeInvoice } from '../core/objects.ts'
import { find, type StripeService } from '../core/service.ts'
import { minPeriodEnd } from '../subscriptions/cancel-at.ts'
import { setUp, type SubscriptionInput } from '../subscriptions/create.ts'
import { nextPeriod } from '../subscriptions/renew.ts'
import { isEnded, move } from '../subscriptions/states.ts'
import { applyChange, type SubscriptionChange } from '../subscriptions/update.ts'

/**
 * The next invoice of a subscription, with a change or without, worked out on a copy: the one that the
 * change makes at once, or else that of the next period.
 * Source: https://docs.stripe.com/api/invoices/create_preview
 */
export function previewChange(
  service: StripeService,
  id: string,
  change: SubscriptionChange,
): JsonObject {
  const copy = service.rehearsal()
  const before = find(copy.state.subscriptions, 'subscription', id, 'subscription')
  if (isEnded(before)) {
    throw invalid('No upcoming invoices for customer', 'subscription', 'invoice_upcoming_none')
  }
  const { subscription, invoice } = applyChange(copy, before, change)
  if (invoice) return upcoming(invoice)
  const at = minPeriodEnd(subscription)
  const ends = subscription.cancel_at !== null && subscription.cancel_at <= at
  if (ends)
    throw invalid('No upcoming invoices for customer', 'subscription', 'invoice_upcoming_none')
  return copy.at(subscription.test_clock, at, () => {
    if (subscription.status === 'trialing') move(subscription, 'trial ended')
    return upcoming(nextPeriod(copy, subscription, at))
  })
}

/** The first invoice of a subscription that is not made yet. */
export function previewNew(service: StripeService, input: SubscriptionInput): JsonObject {
  return upcoming(setUp(service.rehearsal(), input).invoice)
}

/** A preview has no number, no address and an id of its own. */
function upcoming(invoice: StripeInvoice): JsonObject {
  const id = `upcoming_${invoice.id}`
  const lines = invoice.lines.data.map((line) => ({ ...line, invoice: id }))
  return {
    ...invoice,
    id,
    lines: { ...invoice.lines, data: lines, url: `/v1/invoices/upcoming/lines` },
  }
}
