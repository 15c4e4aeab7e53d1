import { request } from 'node:http'

import { describe, expect, test } from 'vitest'

import { openStripe, refusal } from '../../../test/stripe/fixture.ts'
import type { StripeServer } from '../server.ts'

const idempotencyKey = 'office-1-customer'

/** Sends the head of a POST and keeps its body back until `finish` is called. */
function slowPost(
  server: StripeServer,
  key: string,
): { sent: Promise<void>; finish(): Promise<number> } {
  const post = request(`${server.url}/v1/customers`, {
    method: 'POST',
    agent: false,
    headers: {
      authorization: `Bearer ${server.secretKey}`,
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': 6,
      expect: '100-continue',
      'idempotency-key': key,
    },
  })
  // The server answers 100 when it has the head; the handler is already reading the body then.
  const sent = new Promise<void>((resolve) => void post.once('continue', resolve))
  post.flushHeaders()
  const finish = (): Promise<number> =>
    new Promise((resolve, reject) => {
      post.once('error', reject)
      post.once('response', (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      post.end('name=a')
    })
  return { sent, finish }
}

describe('an idempotency key', () => {
  test('with the same parameters replays the stored reply and creates nothing', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const first = await stripe.customers.create({ name: 'a', email: 'a@b.jp' }, { idempotencyKey })
    const second = await stripe.customers.create({ email: 'a@b.jp', name: 'a' }, { idempotencyKey })
    expect(second.id).toBe(first.id)
    expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined()
    expect(second.lastResponse.headers['idempotent-replayed']).toBe('true')
    expect(server.customers()).toHaveLength(1)
    expect(server.requests().map(({ replayed }) => replayed)).toEqual([false, true])
  })

  test('replays what was true then, not what is true now', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const { id } = await stripe.customers.create({ name: '旧' }, { idempotencyKey })
    await stripe.customers.update(id, { name: '新' })
    const replayed = await stripe.customers.create({ name: '旧' }, { idempotencyKey })
    expect(replayed.name).toBe('旧')
  })

  test('with other parameters, or for another path, is 400 idempotency_error', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    await stripe.customers.create({ name: 'a' }, { idempotencyKey })
    const conflict = { status: 400, type: 'idempotency_error' }
    const other = stripe.customers.create({ name: 'b' }, { idempotencyKey })
    expect(await refusal(other)).toMatchObject(conflict)
    const path = stripe.products.create({ name: 'a' }, { idempotencyKey })
    expect(await refusal(path)).toMatchObject(conflict)
    expect(server.customers()).toHaveLength(1)
    expect(server.products()).toHaveLength(0)
  })

  test('that another request holds is 409 idempotency_key_in_use, until that one ends', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const slow = slowPost(server, idempotencyKey)
    await slow.sent
    const refused = await refusal(stripe.customers.create({ name: 'a' }, { idempotencyKey }))
    expect(refused).toMatchObject({ status: 409, code: 'idempotency_key_in_use' })
    expect(await slow.finish()).toBe(200)
    const replayed = await stripe.customers.create({ name: 'a' }, { idempotencyKey })
    expect(replayed.lastResponse.headers['idempotent-replayed']).toBe('true')
    expect(server.customers()).toHaveLength(1)
  })

  test('of a request that failed while it ran replays the failure', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const create = (): Promise<unknown> =>
      stripe.billingPortal.sessions.create({ customer: 'cus_none' }, { idempotencyKey })
    const first = await refusal(create())
    const error: unknown = await create().catch((failure: unknown) => failure)
    expect(error).toMatchObject({ code: first.code, headers: { 'idempotent-replayed': 'true' } })
  })

  test('of a request whose parameters were refused stays unused', async () => {
    await using open = await openStripe()
    const { stripe } = open
    await refusal(stripe.customers.create({ email: 'nobody' }, { idempotencyKey }))
    const { email } = await stripe.customers.create({ email: 'a@b.jp' }, { idempotencyKey })
    expect(email).toBe('a@b.jp')
  })

  test('is forgotten after 24 hours', async () => {
    let now = Date.UTC(2026, 3, 1)
    await using open = await openStripe({ now: () => now })
    const { server, stripe } = open
    await stripe.customers.create({ name: 'a' }, { idempotencyKey })
    now += 86_399_000
    await stripe.customers.create({ name: 'a' }, { idempotencyKey })
    expect(server.customers()).toHaveLength(1)
    now += 1000
    await stripe.customers.create({ name: 'a' }, { idempotencyKey })
    expect(server.customers()).toHaveLength(2)
  })
})
