import { inspect } from 'node:util'
import { Stripe } from 'stripe'
import { expect, test } from 'vitest'
import { translateError } from './translate-error.ts'

const translate = translateError('createCustomer', false)

test.each([
  ['Invalid API Key provided: sk_test_****1234', 'sk_test_[redacted]', '1234'],
  ['rk_live_51AbcDefGh and whsec_Zz9Yy8Xx7', 'rk_live_[redacted] and whsec_[redacted]', '51Abc'],
  ['wrong "pi_3Abc_secret_9xyzXyz9"', 'pi_3Abc_secret_[redacted]', '9xyz'],
  ['No such price: price_1Abc', 'No such price: price_1Abc', 'sk_'],
  ['via https://u:pa@ss@proxy.example', 'https://[redacted]@proxy.example', 'pa@ss'],
])('an error shows no key: %s', (message, shown, hidden) => {
  const refusal = Stripe.errors.StripeError.generate({
    type: 'invalid_request_error',
    message,
    statusCode: 400,
  })
  for (const error of [refusal, new Error(message)]) {
    const failure = translate(error, 'unknown')
    expect(failure.message).toContain(shown)
    expect(inspect(failure, { depth: Infinity, showHidden: true })).not.toContain(hidden)
  }
})
