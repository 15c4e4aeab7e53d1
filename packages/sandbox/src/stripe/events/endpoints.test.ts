import { describe, expect, test } from 'vitest'

import { openStripe, subscribe } from '../../../test/stripe/fixture.ts'
import { receiver, types } from '../../../test/stripe/receiver.ts'

describe('endpoints of the API', () => {
  test('get the events that they want, signed with their own secret, in their own version', async () => {
    await using endpoint = await receiver()
    await using open = await openStripe()
    const { server, stripe } = open
    const made = await stripe.webhookEndpoints.create({
      api_version: '2025-02-24.acacia',
      enabled_events: ['customer.subscription.created', 'invoice.paid'],
      url: endpoint.url,
    })
    expect((await stripe.webhookEndpoints.retrieve(made.id)).secret).toBeUndefined()
    const { id } = await subscribe(stripe)
    await server.webhooks.idle()
    expect(types(endpoint).toSorted()).toEqual(['customer.subscription.created', 'invoice.paid'])
    for (const { body, signature } of endpoint.received) {
      const event = stripe.webhooks.constructEvent(body, signature, made.secret ?? '')
      expect(event.api_version).toBe('2025-02-24.acacia')
    }
    const created = endpoint.received.find(
      ({ event }) => event.type === 'customer.subscription.created',
    )
    expect(created?.event.data.object).toMatchObject({
      current_period_end: expect.any(Number) as number,
      id,
    })
    await stripe.webhookEndpoints.update(made.id, { disabled: true })
    await subscribe(stripe)
    await server.webhooks.idle()
    expect(endpoint.received).toHaveLength(2)
  })

  test('each get their own copy, and one that fails does not hold up another', async () => {
    await using good = await receiver()
    await using bad = await receiver(() => 500)
    await using open = await openStripe({ webhookRetryDelaysMs: [] })
    const { server, stripe } = open
    for (const { url } of [good, bad])
      await stripe.webhookEndpoints.create({ enabled_events: ['*'], url })
    const { id } = await stripe.customers.create()
    await server.webhooks.idle()
    expect([good.received.length, bad.received.length]).toEqual([1, 1])
    const [event] = (await stripe.events.list()).data
    expect(event).toMatchObject({ data: { object: { id } }, pending_webhooks: 1 })
  })

  // Source: https://docs.stripe.com/event-destinations
  test('of the v2 API get thin events, which lead to the object', async () => {
    await using endpoint = await receiver()
    await using open = await openStripe()
    const { server, stripe } = open
    const made = await stripe.v2.core.eventDestinations.create({
      enabled_events: ['v1.customer.created'],
      event_payload: 'thin',
      include: ['webhook_endpoint.signing_secret'],
      name: 'mine',
      type: 'webhook_endpoint',
      webhook_endpoint: { url: endpoint.url },
    })
    const { id } = await stripe.customers.create({ email: 'hana@example.com' })
    await server.webhooks.idle()
    const [received] = endpoint.received
    expect(received?.body).not.toContain('hana@example.com')
    const secret = made.webhook_endpoint?.signing_secret ?? ''
    const thin = stripe.parseEventNotification(
      received?.body ?? '',
      received?.signature ?? '',
      secret,
    )
    expect(thin).toMatchObject({
      related_object: { id, type: 'customer', url: `/v1/customers/${id}` },
      type: 'v1.customer.created',
    })
    const event = await stripe.v2.core.events.retrieve(thin.id)
    expect(event).toMatchObject({ id: thin.id, object: 'v2.core.event' })
  })
})
