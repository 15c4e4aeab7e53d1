import { BillingError } from '../billing-error.ts'
import { keepNative, nativeErrorOf } from './native-error.ts'

/**
 * Calls what follows a change that Stripe has made. When it fails, the change stays made: its failure does not
 * say that nothing has happened, whatever it says of itself.
 */
export async function afterEffect<T>(fn: () => Promise<T>): Promise<T> {
  try {
    return await fn()
  } catch (error) {
    if (!BillingError.isInstance(error) || error.outcome !== 'none') throw error
    const { message, operation, code, retryable, retryAfterMs, cause } = error
    const { status, requestId, stripeCode, declineCode, param, replayed } = error
    const failure = new BillingError(message, {
      operation,
      code,
      retryable,
      outcome: 'unknown',
      retryAfterMs,
      status,
      requestId,
      stripeCode,
      declineCode,
      param,
      replayed,
      ...(cause === undefined ? {} : { cause }),
    })
    throw keepNative(failure, nativeErrorOf(error))
  }
}
