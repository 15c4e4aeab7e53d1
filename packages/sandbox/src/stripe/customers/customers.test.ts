import { expect, test } from 'vitest'

import { customerWith, monthlyPrice, openStripe, refusal } from '../../../test/stripe/fixture.ts'

test('metadata merges key by key, an empty string unsets', async () => {
  await using open = await openStripe()
  const { stripe } = open
  const { id } = await stripe.customers.create({ metadata: { office: '1', plan: 'a' } })
  const merged = await stripe.customers.update(id, { metadata: { plan: 'b', extra: 'x' } })
  expect(merged.metadata).toEqual({ office: '1', plan: 'b', extra: 'x' })
  const unset = await stripe.customers.update(id, { metadata: { plan: '' } })
  expect(unset.metadata).toEqual({ office: '1', extra: 'x' })
  const cleared = await stripe.customers.update(id, { metadata: '' })
  expect(cleared.metadata).toEqual({})
})

test('a deleted customer reads as deleted, ends its subscriptions and can’t be used again', async () => {
  await using open = await openStripe()
  const { stripe } = open
  const { id } = await customerWith(stripe)
  const items = [{ price: await monthlyPrice(stripe) }]
  const subscription = await stripe.subscriptions.create({ customer: id, items })
  expect(await stripe.customers.del(id)).toMatchObject({ id, deleted: true })
  expect(await stripe.customers.retrieve(id)).toMatchObject({ id, deleted: true })
  expect(await refusal(stripe.customers.update(id, { name: 'x' }))).toMatchObject({ status: 404 })
  expect((await stripe.customers.list()).data).toEqual([])
  const ended = await stripe.subscriptions.retrieve(subscription.id, { expand: ['customer'] })
  expect(ended).toMatchObject({ status: 'canceled', customer: { id, deleted: true } })
})

test('a list pages both ways and finds by email', async () => {
  await using open = await openStripe()
  const { stripe } = open
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await stripe.customers.create({ name, email: `${name}@example.com` })
  }
  const names: string[] = []
  for await (const customer of stripe.customers.list({ limit: 2 })) names.push(customer.name ?? '')
  expect(names).toEqual(['e', 'd', 'c', 'b', 'a'])
  const first = await stripe.customers.list({ limit: 2 })
  expect(first.has_more).toBe(true)
  const [, second] = first.data
  const next = await stripe.customers.list({ limit: 3, starting_after: second?.id ?? '' })
  expect(next.has_more).toBe(false)
  expect(next.data.map(({ name }) => name)).toEqual(['c', 'b', 'a'])
  const [, , last] = next.data
  const back = await stripe.customers.list({ limit: 2, ending_before: last?.id ?? '' })
  expect(back.data.map(({ name }) => name)).toEqual(['c', 'b'])
  const found = await stripe.customers.list({ email: 'd@example.com' })
  expect(found.data.map(({ name }) => name)).toEqual(['d'])
  const lost = await refusal(stripe.customers.list({ starting_after: 'cus_none' }))
  expect(lost).toMatchObject({ code: 'resource_missing', param: 'starting_after' })
  expect(await refusal(stripe.customers.list({ limit: 101 }))).toMatchObject({ param: 'limit' })
})

test('products and prices are made, found by lookup key, updated and deactivated', async () => {
  await using open = await openStripe()
  const { stripe } = open
  const product = await stripe.products.create({ name: '支援プラン' })
  const price = await stripe.prices.create({
    product: product.id,
    currency: 'JPY',
    unit_amount: 500,
    lookup_key: 'basic',
  })
  expect(price).toMatchObject({ type: 'one_time', currency: 'jpy', unit_amount: 500 })
  const found = await stripe.prices.list({ lookup_keys: ['basic'], expand: ['data.product'] })
  expect(found.data).toMatchObject([{ id: price.id, product: { name: '支援プラン' } }])
  await stripe.prices.update(price.id, { active: false })
  expect((await stripe.prices.list({ active: true })).data).toEqual([])
  expect(await refusal(stripe.products.del(product.id))).toMatchObject({ status: 400 })
})

test('expanding what can’t be expanded is 400', async () => {
  await using open = await openStripe()
  const { stripe } = open
  const { id } = await stripe.customers.create()
  const refused = await refusal(stripe.customers.retrieve(id, { expand: ['email'] }))
  expect(refused).toMatchObject({ status: 400 })
  expect(refused.message).toBe('This property cannot be expanded (email).')
})
