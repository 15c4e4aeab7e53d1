import { describe, expect, test } from 'vitest'

import { clientFor, monthlyPrice, openStripe, refusal } from '../../../test/stripe/fixture.ts'

describe('what is refused', () => {
  test('a wrong or a missing key is 401 and is not repeated in full', async () => {
    await using open = await openStripe()
    const { server } = open
    const key = 'sk_test_wrong_key_of_somebody'
    const wrong = await refusal(clientFor(server, key).customers.list())
    expect(wrong).toMatchObject({ status: 401 })
    expect(wrong.message).toMatch(/^Invalid API Key provided: sk_test\*+body$/)
    const none = await fetch(`${server.url}/v1/customers`)
    expect(none.status).toBe(401)
  })

  test('an unknown path is 404 in Stripe’s shape, never a success', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const unknown = await refusal(stripe.rawRequest('GET', '/v1/nothing'))
    expect(unknown).toMatchObject({ status: 404, type: 'invalid_request_error' })
    expect(unknown.message).toContain('Unrecognized request URL (GET: /v1/nothing).')
    const known = await refusal(stripe.taxRates.list())
    expect(known).toMatchObject({ status: 404 })
    const method = await fetch(`${server.url}/v1/customers`, { method: 'PATCH' })
    expect(method.status).toBe(404)
  })

  test('unknown parameters are named, nested ones with their path', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const wrong = { emial: 'a@example.com' } as object
    expect(await refusal(stripe.customers.create(wrong))).toMatchObject({
      status: 400,
      code: 'parameter_unknown',
      param: 'emial',
      message: 'Received unknown parameter: emial',
    })
    const nested = { address: { street: 'x' } } as object
    expect(await refusal(stripe.customers.create(nested))).toMatchObject({
      code: 'parameter_unknown',
      param: 'address[street]',
    })
    expect(server.customers()).toEqual([])
  })

  test('a missing parameter is parameter_missing, a list’s one with its index', async () => {
    await using open = await openStripe()
    const { stripe } = open
    expect(await refusal(stripe.products.create({} as never))).toMatchObject({
      status: 400,
      code: 'parameter_missing',
      param: 'name',
    })
    const customer = await stripe.customers.create()
    const items = [{ price: await monthlyPrice(stripe) }, { quantity: 2 }] as never
    const second = await refusal(stripe.subscriptions.create({ customer: customer.id, items }))
    expect(second).toMatchObject({ code: 'parameter_missing', param: 'items[1][price]' })
  })

  test.each([
    ['an email that is not one', { email: 'nobody' }, 'email', 'email_invalid'],
    ['a number that is not one', { balance: 'many' }, 'balance', 'parameter_invalid_integer'],
    ['a value for a hash', { metadata: 'x' }, 'metadata', undefined],
    ['an unknown choice', { tax_exempt: 'never' }, 'tax_exempt', undefined],
    [
      'a metadata key over 40 characters',
      { metadata: { ['k'.repeat(41)]: 'v' } },
      undefined,
      undefined,
    ],
  ])('%s is an invalid_request_error', async (_name, wrong, param, code) => {
    await using open = await openStripe()
    const refused = await refusal(open.stripe.customers.create(wrong as object))
    expect(refused).toMatchObject({ status: 400, type: 'invalid_request_error' })
    if (param !== undefined) expect(refused.param).toBe(param)
    if (code !== undefined) expect(refused.code).toBe(code)
  })

  test('an unknown id is 404 in the path and 400 as a parameter', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const inPath = await refusal(stripe.customers.retrieve('cus_none'))
    expect(inPath).toMatchObject({ status: 404, code: 'resource_missing', param: 'id' })
    expect(inPath.message).toBe("No such customer: 'cus_none'")
    const prototype = await refusal(stripe.customers.retrieve('__proto__'))
    expect(prototype).toMatchObject({ status: 404 })
    const asParameter = await refusal(
      stripe.billingPortal.sessions.create({ customer: 'cus_none' }),
    )
    expect(asParameter).toMatchObject({ status: 400, code: 'resource_missing', param: 'customer' })
  })

  test('a body that is not form-encoded is 400', async () => {
    await using open = await openStripe()
    const { server } = open
    const reply = await fetch(`${server.url}/v1/customers`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.secretKey}`, 'content-type': 'application/json' },
      body: '{"email":"a@example.com"}',
    })
    expect(reply.status).toBe(400)
    expect(server.customers()).toEqual([])
  })
})

describe('every reply', () => {
  test('carries a Request-Id of its own, errors too', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const first = await stripe.customers.create()
    const second = await stripe.customers.create()
    expect(first.lastResponse.requestId).toMatch(/^req_/)
    expect(first.lastResponse.requestId).not.toBe(second.lastResponse.requestId)
    const error: unknown = await stripe.customers.retrieve('cus_none').catch((e: unknown) => e)
    expect(error).toMatchObject({ requestId: expect.stringMatching(/^req_/) as string })
  })

  test('is counted', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    await stripe.customers.create()
    await refusal(stripe.customers.retrieve('cus_none'))
    expect(server.requestCount('POST', '/v1/customers')).toBe(1)
    expect(server.requests().map(({ method, status }) => [method, status])).toEqual([
      ['POST', 200],
      ['GET', 404],
    ])
  })
})
