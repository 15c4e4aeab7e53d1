import { expect, test } from 'vitest'
import { openSubscribed, reference } from '../../test/subscriber.ts'

/** What a program passes that is not checked for exact optional properties. */
const undefinedFields = (...names: string[]): object =>
  Object.fromEntries(names.map((name) => [name, undefined]))

const returnUrl = 'https://example.jp/'

test('what is undefined in native takes the place of nothing that is ours', async () => {
  await using open = await openSubscribed()
  const { billing, server } = open.stage
  await open.subscribe()
  const priceNow = (): unknown => server.subscriptions()[0]?.items.data[0]?.price.id
  const native = undefinedFields('items', 'proration_behavior')
  const change = { price: open.otherPrice, proration: 'always_invoice', native } as const
  const { amountDue } = await billing.previewPlan(reference, change)
  expect(amountDue).toBeGreaterThan(0)
  await billing.changePlan(reference, change)
  expect(priceNow()).toBe(open.otherPrice)
  const invoices = (): number => server.invoices().length
  const before = invoices()
  // It is so already, and nothing is asked for by Stripe's own parameters either.
  await billing.changePlan(reference, change)
  expect(invoices()).toBe(before)
  const { url } = await billing.portal(reference, {
    returnUrl,
    flow: 'subscription_cancel',
    native: undefinedFields('return_url', 'flow_data'),
  })
  const page = await (await fetch(url)).text()
  expect(page).toContain(returnUrl)
})

test('a page is opened with what is ours, whatever is undefined in native', async () => {
  await using open = await openSubscribed()
  const { billing, server } = open.stage
  const input = { price: open.price, successUrl: returnUrl }
  const page = await billing.checkout(reference, {
    ...input,
    native: undefinedFields('subscription_data', 'allow_promotion_codes'),
  })
  expect(server.checkoutSessions()).toMatchObject([{ id: page.sessionId, mode: 'subscription' }])
  // What was not given asks for the same.
  expect(await billing.checkout(reference, { ...input, native: {} })).toEqual(page)
  expect(await billing.checkout(reference, input)).toEqual(page)
})
