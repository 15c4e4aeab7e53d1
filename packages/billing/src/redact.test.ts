import { expect, test } from 'vitest'
import { redactKeys } from './redact.ts'

test.each([
  ['Invalid API Key provided: sk_test_****1234', 'Invalid API Key provided: sk_[redacted]'],
  ['rk_live_51Abc and whsec_Zz9', 'rk_[redacted] and whsec_[redacted]'],
  ['"pi_3Abc_secret_9xyz"', '"pi_3Abc_secret_[redacted]"'],
  ['No such price: price_1Abc', 'No such price: price_1Abc'],
])('%s', (text, shown) => {
  expect(redactKeys(text)).toBe(shown)
})
