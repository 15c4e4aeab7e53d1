import type { Billing } from '@yuzuru/billing'
import { type Cron, defineCron, defineJob, type Job } from '@yuzuru/jobs'

const DAY_MS = 24 * 60 * 60 * 1_000

/** How far back ended subscriptions are looked for, in days: Stripe retries webhooks for three days. */
const SINCE_DAYS = 7

export type ReconcilePayload = Readonly<Record<string, never>>

/** Applies changes whose webhook was lost, and finds the trials that are about to end. */
export function reconcileBillingJob<Tx>(billing: Billing<Tx>): Job<ReconcilePayload> {
  return defineJob<ReconcilePayload>({
    name: 'reconcile-billing',
    timeoutMs: 10 * 60_000,
    run: async () => {
      const { drift } = await billing.reconcile({
        since: new Date(Date.now() - SINCE_DAYS * DAY_MS),
      })
      for (const { kind, id, was, is } of drift) {
        console.warn(`billing: ${kind} ${id}: ${was ?? '-'} → ${is ?? '-'}`)
      }
    },
  })
}

/** Runs the job every night. */
export function reconcileBillingCron(job: Job<ReconcilePayload>): Cron {
  return defineCron({
    name: 'reconcile-billing',
    job,
    payload: {},
    schedule: '15 3 * * *',
    timeZone: 'Asia/Tokyo',
    missed: 'once',
  })
}
