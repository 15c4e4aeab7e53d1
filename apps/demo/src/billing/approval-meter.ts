import type { Billing } from '@yuzuru/billing'
import { detached } from '@yuzuru/concurrency'
import { defineJob, type Job } from '@yuzuru/jobs'

/** The meter of Stripe's that counts the plans that an office has approved. */
const APPROVAL_METER = 'keikaku_plans_approved'

export interface ApprovalPayload {
  readonly officeId: string
  readonly planId: string
  /** ISO 8601. */
  readonly approvedAt: string
}

/** Counts an approved plan, once however often it runs. Only offices that have subscribed are counted. */
export function countApprovalJob<Tx>(billing: Billing<Tx>): Job<ApprovalPayload> {
  return defineJob<ApprovalPayload>({
    name: 'count-approval',
    attempts: 15,
    timeoutMs: 30_000,
    run: async ({ officeId, planId, approvedAt }) => {
      const { subscription } = await billing.status(officeId)
      if (subscription === undefined) return
      await approvalMeter(billing)
      const at = new Date(approvedAt)
      await billing.usage(officeId, { meter: APPROVAL_METER, value: 1, id: planId, at })
    },
  })
}

const MINUTE_S = 60
const HOUR_S = 60 * MINUTE_S

/** How many plans Stripe has counted for the office in the last hour, which is longer than it takes to count one. */
export async function approvalsCounted<Tx>(
  billing: Billing<Tx>,
  officeId: string,
): Promise<number> {
  const { subscription } = await billing.status(officeId)
  if (subscription === undefined) return 0
  const meter = await approvalMeter(billing)
  const minute = Math.floor(Date.now() / 1_000 / MINUTE_S) * MINUTE_S
  const { data } = await billing.client.billing.meters.listEventSummaries(meter, {
    customer: subscription.customerId,
    start_time: minute - HOUR_S,
    end_time: minute + 2 * MINUTE_S,
  })
  return data[0]?.aggregated_value ?? 0
}

const known = new WeakMap<object, Promise<string>>()

/** The id of the meter, which is made on first use. */
function approvalMeter<Tx>(billing: Billing<Tx>): Promise<string> {
  const found = known.get(billing)
  if (found !== undefined) return found
  // Shared by all jobs, so it must not end with the first that happened to need it.
  const meter = detached(() => ensureMeter(billing))
  known.set(billing, meter)
  meter.catch(() => known.delete(billing))
  return meter
}

async function ensureMeter<Tx>({ client: stripe }: Billing<Tx>): Promise<string> {
  for await (const { id, event_name: name } of stripe.billing.meters.list({ status: 'active' })) {
    if (name === APPROVAL_METER) return id
  }
  const { id } = await stripe.billing.meters.create(
    {
      display_name: '承認した支援計画',
      event_name: APPROVAL_METER,
      default_aggregation: { formula: 'sum' },
    },
    { idempotencyKey: `meter ${APPROVAL_METER}` },
  )
  return id
}
