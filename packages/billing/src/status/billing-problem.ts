import { fieldOf } from '@yuzuru/concurrency/boundary'

/**
 * What {@link PlanOptions.report} is called with:
 * - `'unknown_status'`: Stripe has a status that this version does not know. It opens nothing.
 * - `'unreadable_subscription'`: what Stripe showed has not the form of a subscription. It opens nothing.
 * - `'unknown_price'`: a price that is not among `prices`. It opens nothing.
 * - `'gone'`: Stripe has the subscription no more. It opens nothing.
 * - `'webhook_failed'`: a delivery was answered 5xx, and Stripe will deliver the event again.
 * - `'reconcile_failed'`: `reconcile` went on without this one, and throws when it has looked at the others.
 */
export type BillingProblemKind =
  | 'unknown_status'
  | 'unreadable_subscription'
  | 'unknown_price'
  | 'gone'
  | 'webhook_failed'
  | 'reconcile_failed'

/** What went wrong where no caller waits for an error. */
export interface BillingProblem {
  readonly kind: BillingProblemKind
  /** Of the subscription, or of the event that was not received; the reference whose trial is about to end. */
  readonly id: string
  /** The status, the price's id, or the code of the error. */
  readonly detail: string
  /** Why a webhook, or one of a reconciliation, has failed. */
  readonly error?: unknown
}

/** A word of ours for what was thrown, never its message. */
export function codeOf(error: unknown): string {
  const code = fieldOf(error, 'code')
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : 'failed'
}

/** {@link PlanOptions.report}, or a warning of the process. What it throws is dropped. */
export type Report = (problem: BillingProblem) => void

export function reportTo(report: Report | undefined): Report {
  if (report === undefined) return warn
  return (problem) => {
    try {
      report(problem)
    } catch {
      warn(problem)
    }
  }
}

function warn({ kind, id, detail }: BillingProblem): void {
  process.emitWarning(`${kind} of ${id}: ${detail}`, 'BillingWarning')
}
