import type { IoProgress } from '@yuzuru/concurrency'
import { BillingError } from '../billing-error.ts'

/**
 * A verb that is made of several calls answers for all of them: what was done before the one that failed
 * (the customer of a checkout, what the store noted) is found again when the verb is repeated.
 */
export async function answering<T>(progress: IoProgress, fn: () => Promise<T>): Promise<T> {
  progress.sent = false
  try {
    return await fn()
  } catch (error) {
    if (BillingError.isInstance(error)) progress.outcome = error.outcome
    throw error
  }
}
