import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

import type { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'

import { openCheckout, openStripe, openStripeAt } from '../../../test/stripe/fixture.ts'
import { receiver, types } from '../../../test/stripe/receiver.ts'

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

  test('come in the order of the events when they are asked to, each id once', async () => {
    await using endpoint = await receiver()
    await using open = await openStripe({ webhookOrder: 'in-turn' })
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
      'payment_method.attached',
      'customer.subscription.created',
      'invoice.created',
      'payment_intent.created',
      'invoice.finalized',
      'charge.succeeded',
      'payment_intent.succeeded',
      'invoice.paid',
      'invoice.payment_succeeded',
      'invoice_payment.paid',
      'customer.subscription.updated',
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

  test('a failing delivery is tried again before the next event when they go in turn', async () => {
    await using endpoint = await receiver((count) => (count === 1 ? 500 : 200))
    await using open = await openStripe({ webhookOrder: 'in-turn', webhookRetryDelaysMs: [1] })
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

describe('deliveries at once', () => {
  test('do not wait for one another: a slow one is overtaken', async () => {
    const order: string[] = []
    let release = (): void => undefined
    const slow = new Promise<void>((resolve) => (release = resolve))
    const target = createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      request.on('end', () => {
        const { type } = JSON.parse(body) as Stripe.Event
        const answer = (): void => {
          order.push(type)
          response.writeHead(200).end()
        }
        if (type === 'customer.created') void slow.then(answer)
        else {
          answer()
          release()
        }
      })
    })
    target.listen(0, '127.0.0.1')
    await once(target, 'listening')
    await using open = await openStripe()
    const { server, stripe } = open
    server.setWebhookUrl(`http://127.0.0.1:${(target.address() as AddressInfo).port}/`)
    const { id } = await stripe.customers.create()
    await stripe.customers.update(id, { name: 'x' })
    await server.webhooks.idle()
    expect(order).toEqual(['customer.updated', 'customer.created'])
    target.close()
  })

  // Source: https://docs.stripe.com/webhooks#automatic-retries
  test('that failed are tried again by Stripe’s own waits on the sandbox’s clock, for three days', async () => {
    await using endpoint = await receiver(() => 500)
    await using open = await openStripeAt('2026-01-01T00:00:00Z', {
      webhookRetryDelaysMs: 'stripe',
    })
    const { server, stripe } = open
    server.setWebhookUrl(endpoint.url)
    await stripe.customers.create()
    await server.webhooks.idle()
    expect(endpoint.received).toHaveLength(1)
    await open.pass(4 / 1440)
    await server.webhooks.idle()
    expect(endpoint.received).toHaveLength(1)
    await open.pass(1 / 1440)
    await server.webhooks.idle()
    expect(endpoint.received).toHaveLength(2)
    for (let days = 0; days < 4; days += 0.25) {
      await open.pass(0.25)
      await server.webhooks.idle()
    }
    expect(server.deliveries().at(-1)).toMatchObject({ attempt: 10, delivered: false })
    expect(endpoint.received).toHaveLength(10)
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
