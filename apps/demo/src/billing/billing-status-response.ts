import type { BillingStatus } from '@yuzuru/billing'

/** The answer of `/api/v1/billing/status`. Its clients depend on these names. */
export interface BillingStatusResponse {
  readonly office_id: string
  readonly billing_status: BillingStatus['status']
  /** ISO 8601, in UTC. */
  readonly trial_end_date: string | null
  readonly stripe_subscription_id: string | null
}

export function billingStatusResponse(billing: BillingStatus): BillingStatusResponse {
  return {
    office_id: billing.reference,
    billing_status: billing.status,
    trial_end_date: billing.trialEndsAt?.toISOString() ?? null,
    stripe_subscription_id: billing.subscription?.id ?? null,
  }
}
