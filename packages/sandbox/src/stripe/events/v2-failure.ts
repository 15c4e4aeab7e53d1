import { StripeFailure } from '../api/error.ts'

/** 400 as the v2 API says it. */
export function v2Failure(message: string): StripeFailure {
  return new StripeFailure(400, message, { code: 'invalid_fields' })
}
