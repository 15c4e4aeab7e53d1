import { expect, test } from 'vitest'
import { clientFor, openStripe, openStripeAt } from '../../../test/stripe/fixture.ts'

const DESTINATION = {
  enabled_events: ['v1.customer.created'],
  event_payload: 'thin',
  name: 'mine',
  type: 'webhook_endpoint',
  webhook_endpoint: { url: 'http://127.0.0.1:1/hook' },
}

/** What the v2 API answers. */
async function ask(
  { url, secretKey }: { readonly url: string; readonly secretKey: string },
  method: string,
  path: string,
  body?: object,
): Promise<{ readonly status: number; readonly error: Record<string, string> | undefined }> {
  const headers = { authorization: `Bearer ${secretKey}`, 'content-type': 'application/json' }
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(new URL(path, url), { method, headers, ...sent })
  const answer = (await response.json()) as { readonly error?: Record<string, string> }
  return { status: response.status, error: answer.error }
}

test.each([
  ['a field', { ...DESTINATION, snapshot: true }, 'snapshot'],
  [
    'a field of the endpoint',
    { ...DESTINATION, webhook_endpoint: { url: 'http://a/', x: 1 } },
    'webhook_endpoint.x',
  ],
  ['what is to be included', { ...DESTINATION, include: ['everything'] }, 'everything'],
  ['metadata that is no text', { ...DESTINATION, metadata: { a: 1 } }, 'metadata'],
  ['another payload', { ...DESTINATION, event_payload: 'snapshot' }, 'thin'],
])('%s that is not known is refused by name', async (_, body, named) => {
  await using open = await openStripe()
  const { status, error } = await ask(open.server, 'POST', '/v2/core/event_destinations', body)
  expect([status, error?.['code']]).toEqual([400, 'invalid_fields'])
  expect(error?.['message']).toContain(named)
  expect((await open.stripe.v2.core.eventDestinations.list()).data).toEqual([])
})

test.each([
  ['GET', '/v2/core/events?object=cus_1'],
  ['GET', '/v2/core/event_destinations?status=enabled'],
  ['GET', '/v2/core/events/evt_1?expand[]=data'],
])('%s %s: an unknown word of the address is refused', async (method, path) => {
  await using open = await openStripe()
  expect(await ask(open.server, method, path)).toMatchObject({
    status: 400,
    error: { code: 'invalid_fields' },
  })
})

test.each([
  ['POST', '/v2/billing/meter_events', { event_name: 'pages', payload: {} }],
  ['POST', '/v2/billing/meter_event_session', {}],
  ['POST', '/v2/billing/meter_event_stream', { events: [] }],
  ['POST', '/v2/billing/meter_event_adjustments', {}],
  ['GET', '/v2/core/accounts', undefined],
  ['PATCH', '/v2/core/events', {}],
])('%s %s is 404 in Stripe’s shape, as there is none', async (method, path, body) => {
  await using open = await openStripe()
  const { status, error } = await ask(open.server, method, path, body)
  expect([status, error?.['type']]).toEqual([404, 'invalid_request_error'])
})

test('a body where none is read, a wrong key and what is no JSON are refused', async () => {
  await using open = await openStripe()
  const { server, stripe } = open
  const made = await stripe.v2.core.eventDestinations.create({
    ...DESTINATION,
    metadata: { own: 'kept' },
  } as never)
  expect(made.metadata).toEqual({ own: 'kept' })
  const path = `/v2/core/event_destinations/${made.id}/disable`
  expect(await ask(server, 'POST', path, { reason: 'x' })).toMatchObject({ status: 400 })
  expect(await ask(server, 'POST', path)).toMatchObject({ status: 200 })
  const wrong = clientFor(server, 'sk_test_wrong').v2.core.events.list()
  await expect(wrong).rejects.toMatchObject({ statusCode: 401 })
  const broken = await fetch(new URL('/v2/core/event_destinations', server.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${server.secretKey}` },
    body: '{',
  })
  expect(broken.status).toBe(400)
})

test('lists are paged, and of the time that is asked for', async () => {
  await using open = await openStripeAt('2026-01-01T00:00:00Z')
  const { stripe } = open
  for (const name of ['A', 'B', 'C']) {
    await stripe.customers.create({ name })
    await open.pass(1)
  }
  const first = await stripe.v2.core.events.list({ limit: 2 })
  expect(first.data).toHaveLength(2)
  const all = await stripe.v2.core.events.list({ limit: 2 }).autoPagingToArray({ limit: 10 })
  expect(new Set(all.map(({ id }) => id)).size).toBe(3)
  const since = { gte: '2026-01-02T00:00:00Z', lt: '2026-01-03T00:00:00Z' } as never
  expect((await stripe.v2.core.events.list(since)).data).toHaveLength(1)
  for (const wrong of ['limit=0', 'limit=101', 'limit=x', 'page=9', 'gt=yesterday']) {
    expect(await ask(open.server, 'GET', `/v2/core/events?${wrong}`)).toMatchObject({
      status: 400,
      error: { code: 'invalid_fields' },
    })
  }
})
