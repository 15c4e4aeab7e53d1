import { beforeAll, afterAll, describe, expect, test } from 'vitest'
import { BROKEN_OFF, breakOffEverywhere } from '../../test/broken-off.ts'
import { makePrice } from '../../test/price.ts'
import { openStage, type Stage } from '../../test/stage.ts'
import type { Billing } from '../billing.ts'
import type { CheckoutPage } from './checkouts.ts'

let stage: Stage<undefined>
let price = ''
beforeAll(async () => {
  stage = await openStage()
  price = (await makePrice(stage.billing)).id
})
afterAll(() => stage[Symbol.asyncDispose]())

const open = (billing: Billing, reference: string, locale = 'ja'): Promise<CheckoutPage> =>
  billing.checkout(reference, {
    price,
    locale,
    customer: { email: 'hanako@example.jp' },
    successUrl: 'https://example.jp/',
  })

/** One customer, one open page, one row, and they belong together. */
async function expectOne(reference: string, page: CheckoutPage): Promise<void> {
  const { server, store } = stage
  const customers = server
    .customers()
    .filter((one) => one.metadata['yuzuru_reference'] === reference)
  expect(customers).toHaveLength(1)
  const sessions = server.checkoutSessions().filter((one) => one.client_reference_id === reference)
  expect(sessions.filter(({ status }) => status === 'open')).toMatchObject([
    { id: page.sessionId, customer: customers[0]?.id, url: page.url },
  ])
  const record = await store.findCheckout(reference)
  expect(record?.session).toMatchObject({ id: page.sessionId, url: page.url })
}

describe.each(BROKEN_OFF)('a checkout that is %s anywhere, and made again', (how) => {
  test('leaves one customer, one open page and one row', async () => {
    const steps = await breakOffEverywhere(stage, how, {
      act: (billing, reference) => open(billing, `first-${reference}`),
      after: async (reference) => {
        const page = await open(stage.billing, `first-${reference}`)
        await expectOne(`first-${reference}`, page)
      },
    })
    expect(steps).toBeGreaterThan(10)
  })

  test('for something else, leaves one too', async () => {
    await breakOffEverywhere(stage, how, {
      act: (billing, reference) => open(billing, `other-${reference}`),
      after: async (reference) => {
        const page = await open(stage.billing, `other-${reference}`, 'en')
        await expectOne(`other-${reference}`, page)
      },
    })
  })

  test('while it expires the page of another, leaves one too', async () => {
    await breakOffEverywhere(stage, how, {
      before: (reference) => open(stage.billing, `page-${reference}`, 'en'),
      act: (billing, reference) => open(billing, `page-${reference}`),
      after: async (reference) => {
        const page = await open(stage.billing, `page-${reference}`)
        await expectOne(`page-${reference}`, page)
      },
    })
  })

  test('while it finds a subscription, leaves that one and no page', async () => {
    await breakOffEverywhere(stage, how, {
      before: async (reference) => {
        const { sessionId } = await open(stage.billing, `live-${reference}`)
        await stage.server.completeCheckout(sessionId)
      },
      act: (billing, reference) => open(billing, `live-${reference}`).catch(() => undefined),
      after: async (reference) => {
        const again = open(stage.billing, `live-${reference}`)
        await expect(again).rejects.toMatchObject({ code: 'already_subscribed' })
        const all = stage.server.subscriptions()
        const own = all.filter((one) => one.metadata['yuzuru_reference'] === `live-${reference}`)
        expect(own).toMatchObject([{ status: 'active' }])
        expect(await stage.store.findSubscription(own[0]?.id ?? '')).toMatchObject({
          status: 'active',
          reference: `live-${reference}`,
        })
        expect(await stage.store.findCheckout(`live-${reference}`)).toBeUndefined()
      },
    })
  })
})
