import type { Due } from '../clocks/due-time.ts'
import type { StripeInvoice } from '../core/objects.ts'
import { change, type StripeService } from '../core/service.ts'
import { collect, collectNow, subscriptionOf } from '../subscriptions/settle.ts'
import { move } from '../subscriptions/states.ts'
import { closeInvoice } from './finalize.ts'

/** How long a resumed subscription waits for somebody to try and pay. */
const HOURS_23 = 23 * 3600

/** What time does next to an invoice: finalize it, try it again, void it, or call it overdue. */
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
  if (note?.resumption === 'resume_on_payment_attempt' && invoice.attempt_count === 0) {
    return [{ at: invoice.created + HOURS_23, run: () => closeInvoice(service, invoice, 'void') }]
  }
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
