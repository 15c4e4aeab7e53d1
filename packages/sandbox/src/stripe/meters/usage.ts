import type { StripeObject } from '../core/objects.ts'
import type { StripeState } from '../core/state.ts'

/**
 * What a customer used of a meter in `[start, end)`, by the meter's formula.
 * Source: https://docs.stripe.com/billing/subscriptions/usage-based/meters/configure
 */
export function usageOf(
  state: StripeState,
  meter: StripeObject,
  customer: string,
  start: number,
  end: number,
): number {
  const records = Object.values(state.meterEvents).filter(
    (record) =>
      record.meter === meter.id &&
      record.customer === customer &&
      record.timestamp >= start &&
      record.timestamp < end,
  )
  const { formula } = meter['default_aggregation'] as { formula: string }
  if (formula === 'count') return records.length
  if (formula === 'last') {
    return records.toSorted((a, b) => a.timestamp - b.timestamp).at(-1)?.value ?? 0
  }
  return records.reduce((sum, record) => sum + record.value, 0)
}
