import { dueOf as dueOfInvoice } from '../invoices/due.ts'
import { clockOf, type StripeService } from '../core/service.ts'
import { dueOf as dueOfSchedule } from '../schedules/due.ts'
import { dueOf as dueOfSubscription } from '../subscriptions/due.ts'
import { disputerOf, dueOf as dueOfDispute } from '../payments/disputes.ts'
import type { Due } from './due-time.ts'

/**
 * What the passing of time does, one thing after the other, each at its own moment: on the sandbox's
 * clock until now, on a test clock that advances until where it is going. Applied before each request
 * and on `settle()`, so a test moves its clock and sees what Stripe would have done.
 */
export function applyDueChanges(service: StripeService): void {
  catchUp(service, null, service.now())
  for (const clock of Object.values(service.state.clocks)) {
    const target = clock.status_details.advancing?.target_frozen_time
    if (clock.status !== 'advancing' || target === undefined) continue
    catchUp(service, clock.id, target)
    clock.frozen_time = target
    clock.status = 'ready'
    clock.status_details = {}
    service.emit('test_helpers.test_clock.ready', clock)
  }
}

function catchUp(service: StripeService, clock: string | null, until: number): void {
  for (;;) {
    const next = earliest(service, clock)
    if (!next || next.at > until) return
    service.at(clock, next.at, () => next.run())
  }
}

/** The first of all; of those at the same moment the end of something goes before its renewal. */
function earliest(service: StripeService, clock: string | null): Due | undefined {
  const { disputes, invoices, schedules, sessions, subscriptions } = service.state
  let first: Due | undefined
  const consider = (dues: Iterable<Due>): void => {
    for (const due of dues) if (!first || due.at < first.at) first = due
  }
  const onClock = <T extends { [name: string]: never } | object>(objects: Record<string, T>): T[] =>
    Object.values(objects).filter((object) => clockOf(service.state, object as never) === clock)
  for (const schedule of onClock(schedules)) consider(dueOfSchedule(service, schedule))
  for (const subscription of onClock(subscriptions)) {
    consider(dueOfSubscription(service, subscription))
  }
  for (const invoice of onClock(invoices)) consider(dueOfInvoice(service, invoice))
  for (const dispute of Object.values(disputes)) {
    const customer = disputerOf(service, dispute)
    if (clockOf(service.state, { customer }) === clock) consider(dueOfDispute(service, dispute))
  }
  for (const session of clock === null ? Object.values(sessions) : []) {
    if (session.status !== 'open') continue
    consider([
      {
        at: session.expires_at,
        run() {
          session.status = 'expired'
          session.url = null
          service.emit('checkout.session.expired', session)
        },
      },
    ])
  }
  return first
}
