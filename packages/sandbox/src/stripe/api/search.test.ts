import { describe, expect, test } from 'vitest'

import { openStripe, refusal, subscribe } from '../../../test/stripe/fixture.ts'

// Source: https://docs.stripe.com/search
describe('search', () => {
  test('finds by fields and metadata, with AND, OR and negation, a page at a time', async () => {
    await using open = await openStripe()
    const { stripe } = open
    for (const [name, office] of [
      ['花', '1'],
      ['太郎', '2'],
      ['花子', '2'],
    ] as const) {
      await stripe.customers.create({ metadata: { office }, name })
    }
    const found = async (query: string): Promise<(string | null | undefined)[]> =>
      (await stripe.customers.search({ query })).data.map(({ name }) => name)
    expect(await found('name:"花"')).toEqual(['花'])
    expect(await found('name~"花"')).toEqual(['花子', '花'])
    expect(await found('metadata["office"]:"2" AND name~"花"')).toEqual(['花子'])
    expect(await found('name:"太郎" OR metadata["office"]:"1"')).toEqual(['太郎', '花'])
    expect(await found('-metadata["office"]:"2"')).toEqual(['花'])
    expect(await found('created>0 AND email:null')).toHaveLength(3)
    const first = await stripe.customers.search({ limit: 2, query: 'created>0' })
    expect(first).toMatchObject({ has_more: true, object: 'search_result' })
    const rest = await stripe.customers.search({
      limit: 2,
      page: first.next_page ?? '',
      query: 'created>0',
    })
    expect(rest).toMatchObject({ has_more: false, next_page: null })
    expect(rest.data).toHaveLength(1)
    const all: unknown[] = []
    for await (const customer of stripe.customers.search({ limit: 1, query: 'created>0' }))
      all.push(customer)
    expect(all).toHaveLength(3)
  })

  test.each(['name', 'name:花', 'colour:"red"', 'name:"a" AND email:"b" OR phone:"c"', ''])(
    'refuses %j',
    async (query) => {
      await using open = await openStripe()
      expect(await refusal(open.stripe.customers.search({ query }))).toMatchObject({
        param: 'query',
        status: 400,
      })
    },
  )

  test('lags until it is told to look again, where it lags', async () => {
    await using open = await openStripe({ search: 'lagging' })
    const { server, stripe } = open
    const { id } = await subscribe(stripe)
    const query = 'status:"active"'
    expect((await stripe.subscriptions.search({ query })).data).toEqual([])
    await server.indexSearch()
    expect((await stripe.subscriptions.search({ query })).data).toMatchObject([{ id }])
    await stripe.subscriptions.cancel(id)
    expect((await stripe.subscriptions.search({ query })).data).toMatchObject([
      { id, status: 'canceled' },
    ])
    await server.indexSearch()
    expect((await stripe.subscriptions.search({ query })).data).toEqual([])
  })
})
