import { expect, test } from 'vitest'
import { openSubscribed, reference } from '../../test/subscriber.ts'
import { sessionParameters } from './session-parameters.ts'

const successUrl = 'https://app.example.jp/'
const to = {
  app: undefined,
  reference,
  customerId: 'cus_1',
  idempotencyKey: 'key',
  trialEnd: undefined,
}
const TAX = { tax_id_collection: { enabled: true } } as const

// https://github.com/laravel/cashier-stripe/issues/1585
test('a tax id is asked for of the customer that there is, whose name becomes that of the business', async () => {
  await using open = await openSubscribed()
  const { billing, server } = open.stage
  const page = await billing.checkout(reference, { price: open.price, successUrl, native: TAX })
  expect(page.kind).toBe('page')
  expect(server.checkoutSessions()).toMatchObject([{ tax_id_collection: { enabled: true } }])
})

test.each([
  ['without a tax id', {}, undefined],
  ['without one that is asked for', { tax_id_collection: { enabled: false } }, undefined],
  [
    'with an address',
    { ...TAX, customer_update: { address: 'auto' } },
    { address: 'auto', name: 'auto' },
  ],
  ['that was said', { ...TAX, customer_update: { name: 'never' } }, { name: 'never' }],
] as const)('what becomes of the customer %s', (_, native, update) => {
  const sent = sessionParameters({ price: 'price_1', successUrl, native }, to)
  expect(sent.customer_update).toEqual(update)
})
