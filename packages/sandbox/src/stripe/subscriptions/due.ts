import type { StripeSubscription } from '../core/objects.ts'
import { change, type StripeService } from '../core/service.ts'
import { closeInvoice } from '../invoices/finalize.ts'
import type { Due } from '../clocks/due-time.ts'
import { minPeriodEnd } from './cancel-at.ts'
import { endSubscription } from './end.ts'
import { renew } from './renew.ts'
import { isEnded, move } from './states.ts'

const hours23 = 23 * 3600
const days3 = 3 * 86_400

/** What time does next to a subscription. */
export function dueOf(service: StripeService, subscription: StripeSubscription): Due[] {
  if (isEnded(subscription)) return []
  const { status, cancel_at: cancelAt, pause_collection: pause, trial_end: trialEnd } = subscription
  const due: Due[] = []
  if (status === 'incomplete') {
    due.push({ at: subscription.created + hours23, run: () => expire(service, subscription) })
    return due
  }
  const schedule = service.state.schedules[subscription.schedule ?? '']
  // A schedule that cancels does it itself, and is completed then.
  if (cancelAt !== null && schedule?.['end_behavior'] !== 'cancel') {
    due.push({ at: cancelAt, run: () => endSubscription(service, subscription) })
  }
  if (status === 'trialing' && trialEnd !== null) {
    const note = (service.state.notes[subscription.id] ??= {})
    if (note.trialWillEnd !== trialEnd) {
      due.push({
        at: Math.max(trialEnd - days3, subscription.trial_start ?? 0),
        run: () => {
          note.trialWillEnd = trialEnd
          service.emit('customer.subscription.trial_will_end', subscription)
        },
      })
    }
  }
  if (pause?.resumes_at)
    due.push({ at: pause.resumes_at, run: () => unpause(service, subscription) })
  if (status !== 'paused') {
    due.push({ at: minPeriodEnd(subscription), run: () => renew(service, subscription) })
  }
  return due
}

/** Nobody paid the first invoice: it is void, and nothing more will come. */
function expire(service: StripeService, subscription: StripeSubscription): void {
  const now = subscription.created + hours23
  change(service, 'customer.subscription.updated', subscription, () => {
    move(subscription, 'first payment expired')
    subscription.ended_at = now
  })
  const invoice = service.state.invoices[subscription.latest_invoice ?? '']
  if (invoice?.status === 'open') closeInvoice(service, invoice, 'void')
}

function unpause(service: StripeService, subscription: StripeSubscription): void {
  change(service, 'customer.subscription.updated', subscription, () => {
    subscription.pause_collection = null
  })
}
