import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

import type { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'

import { openCheckout, openStripe } from './fixture.ts'

interface Received {
  readonly body: string
  readonly signature: string
  readonly event: Stripe.Event
}

interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly received: Received[]
}

/** An endpoint that keeps what comes and answers as the test says. */
async function receiver(answer: (count: number) => number = () => 200): Promise<Receiver> {
  const received: Received[] = []
  const server: Server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      const signature = request.headers['stripe-signature'] as string
      received.push({ body, signature, event: JSON.parse(body) as Stripe.Event })
      response.writeHead(answer(received.length)).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}

const types = (endpoint: Receiver): string[] => endpoint.received.map(({ event }) => event.type)

describe('webhooks', () => {
  test('are signed so that constructEvent accepts them, and only with the right secret', async () => {
    await using endpoint = await receiver()
    await using open = await openStripe()
    const { server, stripe } = open
    server.setWebhookUrl(endpoint.url)
    const customer = await stripe.customers.create({ name: '花' })
    await server.webhooks.idle()
    const [first] = endpoint.received
    const verify = (secret: string, body = first?.body ?? ''): Stripe.Event =>
      stripe.webhooks.constructEvent(body, first?.signature ?? '', secret)
    expect(verify(server.webhookSecret)).toMatchObject({
      type: 'customer.created',
      api_version: '2026-10-28.endive',
      data: { object: { id: customer.id, name: '花' } },
      request: { id: customer.lastResponse.requestId },
    })
    expect(() => verify('whsec_other')).toThrow('signature')
    expect(() => verify(server.webhookSecret, `${first?.body} `)).toThrow('signature')
  })

  test('come in the order of the events, each id once', async () => {
    await using endpoint = await receiver()
    await using open = await openStripe()
    const { server, stripe } = open
    server.setWebhookUrl(endpoint.url)
    const session = await openCheckout(stripe, { customer_email: 'a@b.jp' })
    await server.completeCheckout(session.id)
    await server.webhooks.idle()
    expect(endpoint.received.map(({ event }) => event.id)).toEqual(
      server.events().map(({ id }) => id),
    )
    expect(types(endpoint)).toEqual([
      'product.created',
      'price.created',
      'customer.created',
      'customer.subscription.created',
      'invoice.paid',
      'invoice.payment_succeeded',
      'checkout.session.completed',
    ])
    expect(server.events().every((event) => event.pending_webhooks === 0)).toBe(true)
  })

  test('are tried again after a failure, a bounded number of times, and can be redelivered', async () => {
    let healthy = false
    await using endpoint = await receiver((count) => (healthy ? 200 : count === 1 ? 500 : 302))
    await using open = await openStripe({ webhookRetryDelaysMs: [1, 1] })
    const { server, stripe } = open
    server.setWebhookUrl(endpoint.url)
    await stripe.customers.create()
    await server.webhooks.idle()
    const attempts = server
      .deliveries()
      .map(({ attempt, status, delivered }) => [attempt, status, delivered])
    expect(attempts).toEqual([
      [1, 500, false],
      [2, 302, false],
      [3, 302, false],
    ])
    const [event] = (await stripe.events.list({ delivery_success: false })).data
    healthy = true
    expect(await server.redeliver(event?.id ?? '')).toBe(true)
    expect(new Set(endpoint.received.map(({ event }) => event.id)).size).toBe(1)
    expect((await stripe.events.list({ delivery_success: false })).data).toEqual([])
    await expect(server.redeliver('evt_none')).rejects.toThrow(TypeError)
  })

  test('a failing delivery is tried again before the next event is sent', async () => {
    await using endpoint = await receiver((count) => (count === 1 ? 500 : 200))
    await using open = await openStripe({ webhookRetryDelaysMs: [1] })
    const { server, stripe } = open
    server.setWebhookUrl(endpoint.url)
    const { id } = await stripe.customers.create()
    await stripe.customers.update(id, { name: 'x' })
    await server.webhooks.idle()
    expect(types(endpoint)).toEqual(['customer.created', 'customer.created', 'customer.updated'])
  })

  test('an endpoint that is not there is tried again and does not stop the service', async () => {
    await using open = await openStripe({ webhookRetryDelaysMs: [] })
    const { server, stripe } = open
    const closed = await receiver()
    await closed[Symbol.asyncDispose]()
    server.setWebhookUrl(closed.url)
    await stripe.customers.create()
    await server.webhooks.idle()
    expect(server.deliveries()).toMatchObject([{ attempt: 1, delivered: false }])
  })

  test('can be held back and sent reversed and doubled', async () => {
    await using endpoint = await receiver()
    await using open = await openStripe()
    const { server, stripe } = open
    server.setWebhookUrl(endpoint.url)
    server.webhooks.pause()
    const { id } = await stripe.customers.create()
    await stripe.customers.update(id, { name: 'x' })
    await server.webhooks.idle()
    expect(endpoint.received).toEqual([])
    await server.webhooks.resume((ids) => [...ids.toReversed(), ...ids])
    expect(types(endpoint)).toEqual([
      'customer.updated',
      'customer.created',
      'customer.created',
      'customer.updated',
    ])
  })

  test('events before there is an endpoint are kept but not sent', async () => {
    await using endpoint = await receiver()
    await using open = await openStripe()
    const { server, stripe } = open
    await stripe.customers.create()
    server.setWebhookUrl(endpoint.url)
    await stripe.products.create({ name: 'x' })
    await server.webhooks.idle()
    expect(types(endpoint)).toEqual(['product.created'])
    expect(() => server.setWebhookUrl('ftp://127.0.0.1/')).toThrow(TypeError)
  })
})

describe('events', () => {
  test('are retrieved by id and listed by type, with what changed', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const { id } = await stripe.customers.create(
      { name: '旧', metadata: { a: '1', b: '2' } },
      { idempotencyKey: 'k1' },
    )
    await stripe.customers.update(id, { name: '新', metadata: { b: '3' } })
    const [updated] = (await stripe.events.list({ type: 'customer.updated' })).data
    expect(updated?.data.previous_attributes).toEqual({ name: '旧', metadata: { b: '2' } })
    const all = await stripe.events.list({ types: ['customer.*'] })
    expect(all.data.map(({ type }) => type)).toEqual(['customer.updated', 'customer.created'])
    const created = await stripe.events.retrieve(all.data[1]?.id ?? '')
    expect(created).toMatchObject({ object: 'event', request: { idempotency_key: 'k1' } })
  })
})
