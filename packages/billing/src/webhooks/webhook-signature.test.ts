import { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'
import { signatureFault } from './webhook-signature.ts'

const SECRET = 'whsec_first'
const NOW = 1_800_000_000_000
const BODY = Buffer.from('{"id":"evt_1","名":"花子"}')
const at = { now: NOW, toleranceMs: 300_000 }

/** Signed by stripe-node itself. */
function signed(secret = SECRET, seconds = NOW / 1_000): string {
  const stripe = new Stripe('sk_test_1')
  const payload = BODY.toString()
  return stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: seconds })
}

const v1Of = (header: string): string => header.split('v1=')[1] ?? ''

test('a signature of stripe-node is one', () => {
  expect(signatureFault(BODY, signed(), [SECRET], at)).toBeUndefined()
})

test('while a secret is rolled, either is accepted, and either of two signatures', () => {
  const both = `${signed('whsec_other')},v1=${v1Of(signed())}`
  expect(signatureFault(BODY, both, [SECRET], at)).toBeUndefined()
  expect(signatureFault(BODY, signed(), ['whsec_new', SECRET], at)).toBeUndefined()
  expect(signatureFault(BODY, signed('whsec_other'), [SECRET, 'whsec_new'], at)).toBe('mismatched')
})

test('a body that differs by one byte is refused', () => {
  const changed = Buffer.from(BODY)
  changed[3] = (changed[3] ?? 0) ^ 1
  expect(signatureFault(changed, signed(), [SECRET], at)).toBe('mismatched')
})

test('a time that differs from the signed one is refused', () => {
  const header = signed().replace(/^t=\d+/, `t=${NOW / 1_000 - 1}`)
  expect(signatureFault(BODY, header, [SECRET], at)).toBe('mismatched')
})

test.each([
  [-301, 'too old'],
  [-300, undefined],
  [300, undefined],
  [301, 'too old'],
])('signed %i seconds from now: %s', (seconds, fault) => {
  const header = signed(SECRET, NOW / 1_000 + seconds)
  expect(signatureFault(BODY, header, [SECRET], at)).toBe(fault)
})

describe('a header that is not one', () => {
  const digest = v1Of(signed())
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['an empty one', ''],
    ['no time', `v1=${digest}`],
    ['no signature', `t=${NOW / 1_000}`],
    ['another scheme only', `t=${NOW / 1_000},v0=${digest}`],
    ['two times', `t=${NOW / 1_000},t=1,v1=${digest}`],
    ['a time that is not a number', `t=1e9,v1=${digest}`],
    ['a hundred signatures', `t=${NOW / 1_000}${`,v1=${digest}`.repeat(100)}`],
  ])('%s is malformed', (_, header) => {
    expect(signatureFault(BODY, header, [SECRET], at)).toBe('malformed')
  })

  test.each([
    ['cut short', digest.slice(0, 62)],
    ['too long', `${digest}00`],
    ['not hexadecimal', 'z'.repeat(64)],
    ['empty', ''],
  ])('a signature that is %s matches nothing', (_, value) => {
    const header = `t=${NOW / 1_000},v1=${value}`
    expect(signatureFault(BODY, header, [SECRET], at)).toBe('mismatched')
  })
})
