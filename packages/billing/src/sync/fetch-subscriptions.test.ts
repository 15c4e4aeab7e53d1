import { expect, test } from 'vitest'
import { startScripted } from '../../test/scripted-server.ts'
import { openStage } from '../../test/stage.ts'
import objects from '../fixtures/stripe-objects.json' with { type: 'json' }
import { StripeCalls } from '../stripe/stripe-calls.ts'
import { fetchSubscription } from './fetch-subscriptions.ts'

test('a subscription of more items than Stripe shows at once is read whole', async () => {
  const { subscription } = objects
  const [item] = subscription.items.data
  await using server = await startScripted((request, response) => {
    const isItems = request.url?.startsWith('/v1/subscription_items') === true
    const data = ['si_1', 'si_2'].map((id) => Object.assign({}, item, { id }))
    const list = { object: 'list', data, has_more: false, url: '/v1/subscription_items' }
    const first = { ...list, data: data.slice(0, 1), has_more: true }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(isItems ? list : { ...subscription, items: first }))
  })
  await using stage = await openStage({ apiBase: server.url })
  const calls = new StripeCalls(stage.billing.client, true)
  const where = { known: async () => undefined, event: undefined }
  const fetched = await fetchSubscription(calls, subscription.id, where)
  expect(fetched?.items.map(({ id }) => id)).toEqual(['si_1', 'si_2'])
})
