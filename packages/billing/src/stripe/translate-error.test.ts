import { inspect } from 'node:util'
import {
  type Arbitrary,
  assert as check,
  boolean,
  constantFrom,
  emailAddress,
  oneof,
  property,
  string,
  tuple,
} from 'fast-check'
import { Stripe } from 'stripe'
import { expect, test } from 'vitest'
import { failureOf } from '../../test/failure-of.ts'
import { startScripted } from '../../test/scripted-server.ts'
import { openStage } from '../../test/stage.ts'
import { openSubscribed } from '../../test/subscribed.ts'
import { BillingError } from '../billing-error.ts'
import { nativeErrorOf } from './native-error.ts'
import { translateError } from './translate-error.ts'

const translate = translateError('customers.create', false)

const digits = (length: number): Arbitrary<string> =>
  string({ unit: constantFrom(...Array.from('0123456789')), minLength: length, maxLength: length })
const letters = string({
  unit: constantFrom(...Array.from('abcxyzABCXYZ0189_')),
  minLength: 12,
  maxLength: 30,
})

/** What must be in no error: each is long enough to be found nowhere by chance. */
const secret = oneof(
  emailAddress().filter((address) => address.length > 8),
  tuple(digits(4), digits(4), digits(4), digits(4)).map((parts) => parts.join(' ')),
  digits(16),
  letters.map((text) => `sk_live_${text}`),
  letters.map((text) => `pi_3Abc_secret_${text}`),
  letters.map((text) => `whsec_${text}`),
)

/** Where Stripe's refusals have texts, by https://docs.stripe.com/api/errors. */
const FIELDS = [
  'message',
  'code',
  'decline_code',
  'param',
  'doc_url',
  'request_log_url',
  'charge',
  'advice_code',
  'network_decline_code',
  'payment_method_type',
  'user_message',
]

/** A refusal with `hidden` in one field, or in all, alone or in a sentence. */
function refusalWith(hidden: string, field: string, sentence: boolean): Record<string, unknown> {
  const text = sentence ? `No such thing: '${hidden}'\n    at ${hidden} (x.js:1:1)` : hidden
  const refusal: Record<string, unknown> = {
    type: 'card_error',
    message: 'no',
    code: 'card_declined',
    payment_intent: { client_secret: hidden, receipt_email: hidden },
    payment_method: { billing_details: { email: hidden }, card: { last4: hidden } },
    source: { owner: { email: hidden } },
  }
  for (const name of field === 'all' ? FIELDS : [field]) refusal[name] = text
  return refusal
}

const KINDS = ['card_error', 'invalid_request_error', 'api_error', 'idempotency_error', 'else']

test('no address, card or key that Stripe quotes is in an error, in any field of any refusal', () => {
  check(
    property(
      secret,
      constantFrom('all', ...FIELDS),
      boolean(),
      constantFrom(...KINDS),
      constantFrom(400, 401, 402, 403, 404, 409, 429, 500, undefined),
      (hidden, field, sentence, type, statusCode) => {
        const raw = { ...refusalWith(hidden, field, sentence), type, statusCode }
        const headers = { 'request-id': hidden }
        const refusal = Stripe.errors.StripeError.generate({
          ...raw,
          headers,
          requestId: hidden,
        } as never)
        const plain = Object.assign(new Error(`for ${hidden}`), { name: hidden })
        for (const error of [refusal, plain]) {
          const failure = translate(error, 'unknown')
          expect(BillingError.isInstance(failure)).toBe(true)
          const shown = `${inspect(failure, { depth: Infinity, showHidden: true })}${JSON.stringify(failure)}${failure.stack}`
          expect(shown).not.toContain(hidden)
          expect(nativeErrorOf(failure)).toBe(error)
        }
      },
    ),
    { numRuns: 500 },
  )
})

test.each([
  [
    'a code and a parameter',
    { code: 'resource_missing', param: 'line_items[0][price]' },
    'resource_missing (line_items[0][price])',
  ],
  [
    'why a card was declined',
    { code: 'card_declined', decline_code: 'insufficient_funds' },
    'card_declined, insufficient_funds',
  ],
  ['no key of metadata', { param: 'metadata[hanako]' }, '(metadata)'],
  ['where Stripe shows the rest', { requestId: 'req_1Abc' }, 'see req_1Abc in Stripe'],
])('an error shows %s', (_, fields, shown) => {
  const refusal = Stripe.errors.StripeError.generate({
    type: 'invalid_request_error',
    message: 'no',
    statusCode: 400,
    ...fields,
  } as never)
  expect(translate(refusal, 'unknown').message).toContain(shown)
})

test('a verb’s failure leads to stripe-node’s error, and shows none of its prose', async () => {
  await using stage = await openStage()
  const wrong = { reference: 'office-1', email: 'hanako' }
  const error = await failureOf(stage.billing.ensureCustomer(wrong))
  expect(error).toMatchObject({ code: 'invalid_request', param: 'email' })
  expect(nativeErrorOf(error)?.message).toContain('hanako')
  expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('hanako')
})

test.each([
  ['nothing', '{}'],
  ['an object without an id', '{"object":"customer"}'],
  ['an object with an empty id', '{"object":"customer","id":""}'],
  ['another object', '{"object":"price","id":"price_1"}'],
  ['a list', '[]'],
  ['a text', '"cus_1"'],
  ['null', 'null'],
])(
  'a 200 that holds %s is one failure with the outcome unknown, and ends the call',
  async (_, body) => {
    let requests = 0
    await using server = await startScripted((_request, response) => {
      requests += 1
      response.setHeader('content-type', 'application/json')
      response.end(body)
    })
    await using stage = await openStage({ apiBase: server.url })
    const office = { reference: 'office-1', email: 'hanako@example.jp' }
    const error = await failureOf(stage.billing.ensureCustomer(office))
    expect(error).toMatchObject({ name: 'BillingError', code: 'unexpected', outcome: 'unknown' })
    expect(requests).toBe(1)
    expect((await stage.store.findCustomer('office-1'))?.customerId).toBeUndefined()
  },
)

test.each([
  ['nothing', '{}'],
  ['an event without a name', '{"object":"billing.meter_event"}'],
  ['another object', '{"object":"customer","id":"cus_1"}'],
  ['null', 'null'],
])('a 200 that holds %s counts no usage for sure', async (_, body) => {
  await using server = await startScripted((_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(body)
  })
  await using known = await openSubscribed()
  await using stage = await openStage({ apiBase: server.url, store: known.stage.store })
  const usage = { meter: 'pages', value: 1, id: 'a' }
  expect(await failureOf(stage.billing.usage('office-1', usage))).toMatchObject({
    name: 'BillingError',
    code: 'unexpected',
    outcome: 'unknown',
  })
})
