import type { OfficeBilling } from './billings.ts'

/** What `/api/v1/billing/status` answers; the names are those that its clients have always read. */
export interface BillingStatusResponse {
  readonly office_id: string
  readonly billing_status: string
  /** ISO 8601, in UTC. */
  readonly trial_end_date: string
  readonly stripe_subscription_id: string | null
}

export function billingStatusResponse(billing: OfficeBilling): BillingStatusResponse {
  return {
    office_id: billing.office_id,
    billing_status: billing.status,
    trial_end_date: billing.trial_ends_at.toISOString(),
    stripe_subscription_id: billing.subscription_id,
  }
}
