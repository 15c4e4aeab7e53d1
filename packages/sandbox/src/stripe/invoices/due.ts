import type { Due } from '../clocks/due-time.ts'
import type { StripeInvoice } from '../core/objects.ts'
import { change, type StripeService } from '../core/service.ts'
import { collect, collectNow, subscriptionOf } from '../subscriptions/settle.ts'
import { move } from '../subscriptions/states.ts'

/** What time does next to an invoice: finalize it, try it again, or call it overdue. */
export function dueOf(service: StripeService, invoice: StripeInvoice): Due[] {
  const { automatically_finalizes_at: finalizes, next_payment_attempt: tries, status } = invoice
  if (status === 'draft' && finalizes !== null) {
    return [{ at: finalizes, run: () => void collectNow(service, invoice, { isOffSession: true }) }]
  }
  if (status !== 'open') return []
  if (tries !== null) {
    return [{ at: tries, run: () => void collect(service, invoice, { isOffSession: true }) }]
  }
  const note = service.state.notes[invoice.id]
  if (invoice.due_date === null || note?.isOverdue) return []
  return [{ at: invoice.due_date, run: () => becomeOverdue(service, invoice) }]
}

function becomeOverdue(service: StripeService, invoice: StripeInvoice): void {
  ;(service.state.notes[invoice.id] ??= {}).isOverdue = true
  service.emit('invoice.overdue', invoice)
  const subscription = subscriptionOf(service, invoice)
  if (subscription?.status !== 'active' || subscription.latest_invoice !== invoice.id) return
  change(service, 'customer.subscription.updated', subscription, () =>
    move(subscription, 'payment failed'),
  )
}
