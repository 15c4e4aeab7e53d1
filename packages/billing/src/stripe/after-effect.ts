import { BillingError } from '../billing-error.ts'
import { errorWith } from './error-with.ts'

/**
 * Calls what follows a change that Stripe has made. When it fails, the change stays made: its failure does not
 * say that nothing has happened, whatever it says of itself.
 */
export async function afterEffect<T>(fn: () => Promise<T>): Promise<T> {
  try {
    return await fn()
  } catch (error) {
    if (!BillingError.isInstance(error) || error.outcome !== 'none') throw error
    throw errorWith(error, { outcome: 'unknown' })
  }
}
