import type { Metadata, StripeObject } from '../core/objects.ts'
import type { Phase } from './phase.ts'

/** A schedule, as Stripe shows it. */
export type StripeSchedule = StripeObject & {
  customer: string
  current_phase: { end_date: number; start_date: number } | null
  end_behavior: 'cancel' | 'release'
  metadata: Metadata
  phases: Phase[]
  status: 'active' | 'canceled' | 'completed' | 'not_started' | 'released'
  subscription: string | null
}
