import { describe, expect, test } from 'vitest'

import { openStripe, refusal, subscribe } from '../../../test/stripe/fixture.ts'

describe('troubles on demand', () => {
  // Source: https://docs.stripe.com/rate-limits
  test.each(['rate_limit', 'lock_timeout'] as const)(
    '%s is 429, does nothing and stores nothing',
    async (kind) => {
      await using open = await openStripe()
      const { server, stripe } = open
      server.setTroubles({ kind, times: 2, when: 'POST /v1/customers' })
      const create = (): Promise<unknown> =>
        stripe.customers.create({ name: 'a' }, { idempotencyKey: 'k' })
      expect(await refusal(create())).toMatchObject({ code: kind, status: 429 })
      expect(await refusal(create())).toMatchObject({ code: kind, status: 429 })
      expect(await create()).toMatchObject({ name: 'a' })
      expect(server.customers()).toHaveLength(1)
    },
  )

  // Source: https://docs.stripe.com/api/idempotent_requests
  test('a 500 is stored under its key and replayed, with the work done or not', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const create = (idempotencyKey: string): Promise<unknown> =>
      stripe.customers.create({}, { idempotencyKey })
    server.setTroubles({ kind: 'error' }, { kind: 'error_after' })
    expect(await refusal(create('a'))).toMatchObject({ status: 500, type: 'api_error' })
    expect(server.customers()).toHaveLength(0)
    expect(await refusal(create('b'))).toMatchObject({ status: 500 })
    expect(server.customers()).toHaveLength(1)
    for (const key of ['a', 'b']) {
      const error: unknown = await create(key).catch((failure: unknown) => failure)
      expect(error).toMatchObject({ headers: { 'idempotent-replayed': 'true' }, statusCode: 500 })
    }
    expect(server.customers()).toHaveLength(1)
  })

  test('meet only the request they are for', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    server.setTroubles({ kind: 'error', when: 'GET /v1/subscriptions' })
    const { id } = await subscribe(stripe)
    expect(await refusal(stripe.subscriptions.retrieve(id))).toMatchObject({ status: 500 })
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ id })
    expect(() => server.setTroubles({ kind: 'never' as 'error' })).toThrow(TypeError)
  })
})
