import type { BillingStore } from '../stores/billing-store.ts'
import type { BillingStatus } from './billing-status.ts'
import type { Plan } from './plan-options.ts'
import { statusOf } from './status-of.ts'

/** What a status is read with. */
export interface StatusInit {
  readonly store: Pick<BillingStore, 'openAccount'>
  readonly plan: Plan
  readonly now: () => number
}

/** Reads a status from the reference's rows. The first look makes its account, and starts the trial. */
export async function readStatus(init: StatusInit, reference: string): Promise<BillingStatus> {
  const now = init.now()
  const fresh = { now, trialEndsAt: trialEndOf(init.plan, now) }
  return statusOf(await init.store.openAccount(reference, fresh), init.plan, now)
}

/** When the trial ends of a reference that is first seen now, in milliseconds since 1970. */
export function trialEndOf({ trialMs }: Plan, now: number): number | undefined {
  return trialMs === undefined ? undefined : now + trialMs
}
