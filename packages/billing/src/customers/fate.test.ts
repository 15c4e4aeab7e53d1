import { describe, expect, test } from 'vitest'
import { openDatabase } from '../../test/database.ts'
import { failureOf } from '../../test/failure-of.ts'
import { makePrice } from '../../test/price.ts'
import { openStage } from '../../test/stage.ts'
import type { Billing } from '../billing.ts'
import type { CheckoutPage } from '../checkout/checkouts.ts'
import { kyselyBillingStore } from '../stores/kysely-store.ts'

const reference = 'office-1'
const customer = { email: 'hanako@example.jp' }
const returnUrl = 'https://app.example.jp/billing'

async function priceOf(billing: Billing): Promise<string> {
  return (await makePrice(billing)).id
}

const open = (billing: Billing, price: string, given?: typeof customer): Promise<CheckoutPage> =>
  billing.checkout(reference, { price, successUrl: returnUrl, customer: given })

describe('a customer that was deleted in Stripe', () => {
  test('is replaced once by a checkout that knows its address, from five processes at once', async () => {
    await using database = await openDatabase()
    await using stage = await openStage({ store: kyselyBillingStore(database.db) })
    const priceId = await priceOf(stage.billing)
    const { customerId } = await stage.billing.ensureCustomer({ reference, ...customer })
    await stage.billing.client.customers.del(customerId)
    const processes = [1, 2, 3, 4, 5].map(() => stage.another())
    const pages = await Promise.all(processes.map((billing) => open(billing, priceId, customer)))
    expect(new Set(pages.map(({ sessionId }) => sessionId)).size).toBe(1)
    const left = stage.server.customers()
    expect(left).toHaveLength(1)
    expect(await stage.store.findCustomer(reference)).toMatchObject({ customerId: left[0]?.id })
  })

  test('does not have the page of the one after it ended by a checkout that has not heard of that', async () => {
    await using stage = await openStage()
    const { billing, store } = stage
    const priceId = await priceOf(billing)
    const { customerId } = await billing.ensureCustomer({ reference, ...customer })
    const late = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const slow = stage.another({
      store: {
        ...store,
        async beginCheckout(...args) {
          begun.resolve()
          await late.promise
          return await store.beginCheckout(...args)
        },
      },
    })
    const waiting = open(slow, priceId, customer)
    await begun.promise
    await billing.client.customers.del(customerId)
    const page = await open(billing, priceId, customer)
    late.resolve()
    expect(await waiting).toEqual(page)
  })

  test.each(['checkout', 'portal'] as const)(
    'is said to be, by %s without an address, and ensureCustomer makes another',
    async (verb) => {
      await using stage = await openStage()
      const { billing } = stage
      const priceId = await priceOf(billing)
      const { customerId } = await billing.ensureCustomer({ reference, ...customer })
      await billing.client.customers.del(customerId)
      const call = (): Promise<unknown> =>
        verb === 'portal' ? billing.portal(reference, { returnUrl }) : open(billing, priceId)
      expect(await failureOf(call())).toMatchObject({ code: 'customer_deleted', outcome: 'none' })
      await billing.ensureCustomer({ reference, ...customer })
      await call()
      expect(stage.server.customers()).toHaveLength(1)
    },
  )
})

test('a customer of another account or mode is never replaced by mistake', async () => {
  await using stage = await openStage()
  const { billing, store, server } = stage
  const priceId = await priceOf(billing)
  await store.settleCustomer(reference, 'cus_ofAnotherMode')
  for (const call of [
    () => open(billing, priceId, customer),
    () => billing.portal(reference, { returnUrl }),
    () => billing.changePlan(reference, { price: priceId }),
    () => billing.previewPlan(reference, { price: priceId }),
    () => billing.setQuantity(reference, 2),
    () => billing.cancel(reference),
    () => billing.resume(reference),
    () => billing.retryPayment(reference),
    () => Array.fromAsync(billing.invoices(reference)),
    () => billing.sync(reference),
  ]) {
    expect(await failureOf(call())).toMatchObject({ code: 'customer_unknown', retryable: false })
  }
  expect(server.customers()).toEqual([])
  expect(await store.findCustomer(reference)).toMatchObject({ customerId: 'cus_ofAnotherMode' })
})
