import { expect, test } from 'vitest'
import { startScripted } from '../../test/scripted-server.ts'
import { openStage } from '../../test/stage.ts'
import { failureOf } from '../../test/failure-of.ts'
import objects from '../fixtures/stripe-objects.json' with { type: 'json' }

const { subscription } = objects
const reference = 'office-1'

test('what a verb writes down has all items, also those that Stripe does not show at once', async () => {
  const [item] = subscription.items.data
  const all = ['si_1', 'si_2'].map((id) => Object.assign({}, item, { id }))
  const listOf = (data: readonly object[], hasMore = false): object => ({
    object: 'list',
    url: '/v1/list',
    data,
    has_more: hasMore,
  })
  const shown = {
    ...subscription,
    status: 'active',
    metadata: {},
    items: listOf(all.slice(0, 1), true),
  }
  await using server = await startScripted(({ url = '' }, response) => {
    const { pathname } = new URL(url, 'http://localhost')
    const answer = {
      '/v1/customers': { object: 'customer', id: 'cus_1' },
      '/v1/subscription_items': listOf(all),
      '/v1/subscriptions': listOf([shown]),
    }[pathname]
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answer ?? shown))
  })
  await using stage = await openStage({ apiBase: server.url })
  const { billing, store } = stage
  const items = async (): Promise<unknown> =>
    (await store.findSubscription(subscription.id))?.items.map(({ id }) => id)
  await billing.ensureCustomer({ reference, email: 'hanako@example.jp' })
  // It has several prices, and is looked at before that is refused.
  expect(await failureOf(billing.setQuantity(reference, 2))).toMatchObject({ code: 'unsupported' })
  expect(await items()).toEqual(['si_1', 'si_2'])
  await billing.cancel(reference)
  expect(await items()).toEqual(['si_1', 'si_2'])
})
