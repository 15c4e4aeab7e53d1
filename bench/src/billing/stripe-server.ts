/** Stands for Stripe: the same subscription, whichever is asked for. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const price = { id: 'price_1', object: 'price', product: 'prod_1', lookup_key: 'basic' }
const item = {
  id: 'si_1',
  object: 'subscription_item',
  current_period_end: 1_900_000_000,
  current_period_start: 1_897_000_000,
  metadata: {},
  price: { ...price, currency: 'jpy', recurring: { interval: 'month', interval_count: 1 } },
  quantity: 1,
}

const server = createServer((request, response) => {
  const id = request.url?.split(/[/?]/)[3] ?? ''
  const body = JSON.stringify({
    id,
    object: 'subscription',
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    created: 1_897_000_000,
    currency: 'jpy',
    customer: id.replace('sub', 'cus'),
    ended_at: null,
    items: { object: 'list', data: [item], has_more: false, url: '/v1/subscription_items' },
    latest_invoice: 'in_1',
    livemode: false,
    metadata: { yuzuru_reference: id.replace('sub', 'office') },
    pause_collection: null,
    status: 'active',
    trial_end: null,
  })
  response.setHeader('content-type', 'application/json')
  response.setHeader('request-id', 'req_1')
  response.end(body)
})

server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.on('message', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
