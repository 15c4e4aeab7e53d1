import { BillingError } from '../billing-error.ts'
import { keepNative, nativeErrorOf } from './native-error.ts'

/** The same failure, of which some parts are said otherwise. */
export function errorWith(
  error: BillingError,
  changes: Partial<Pick<BillingError, 'message' | 'operation' | 'outcome'>>,
): BillingError {
  const { operation, code, retryable, outcome, retryAfterMs, cause } = error
  const { status, requestId, stripeCode, declineCode, param, replayed } = error
  const { message = error.message, ...others } = changes
  const failure = new BillingError(message, {
    operation,
    code,
    retryable,
    outcome,
    retryAfterMs,
    status,
    requestId,
    stripeCode,
    declineCode,
    param,
    replayed,
    ...others,
    ...(cause === undefined ? {} : { cause }),
  })
  return keepNative(failure, nativeErrorOf(error))
}
