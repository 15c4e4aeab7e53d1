import type { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'
import { monthlyPrice, openStripe, refusal, subscribe } from '../../../test/stripe/fixture.ts'

type Flow = Stripe.BillingPortal.SessionCreateParams.FlowData

const DONE = 'http://127.0.0.1:1/done'
const REDIRECT = { type: 'redirect', redirect: { return_url: DONE } } as const

interface Pressed {
  readonly status: number
  readonly location: string | null
  readonly text: string
}

async function press(url: string, fields: Record<string, string>): Promise<Pressed> {
  const body = new URLSearchParams(fields)
  const response = await fetch(url, { method: 'POST', body, redirect: 'manual' })
  const { status, headers } = response
  return { status, location: headers.get('location'), text: await response.text() }
}

describe('a flow of the portal', () => {
  test.each([
    ['subscription_cancel', 'cancel'],
    ['subscription_update', 'update'],
    ['payment_method_update', 'card'],
  ] as const)('%s is for its one thing, and leads where it is told', async (type, action) => {
    await using open = await openStripe()
    const { stripe } = open
    const { id, customer } = await subscribe(stripe)
    const dearer = await monthlyPrice(stripe, { unit_amount: 3_960 })
    const of = type === 'payment_method_update' ? {} : { [type]: { subscription: id } }
    const fields = { subscription: id, price: dearer, card_number: '5555 5555 5555 4444' }
    const openFlow = async (after: Flow['after_completion']): Promise<string> => {
      const flow_data = { type, ...of, ...(after === undefined ? {} : { after_completion: after }) }
      const given = { customer: customer as string, flow_data }
      // What is to end already can't be cancelled once more.
      await stripe.subscriptions.update(id, { cancel_at: '' })
      return (await stripe.billingPortal.sessions.create(given)).url
    }
    const url = await openFlow(REDIRECT)
    const html = await (await fetch(url)).text()
    for (const other of ['cancel', 'resume', 'update', 'card', 'confirm']) {
      expect([other, html.includes(`value="${other}"`)]).toEqual([other, other === action])
      if (other !== action) {
        expect(await press(url, { ...fields, action: other })).toMatchObject({ status: 400 })
      }
    }
    expect(await press(url, { ...fields, action })).toMatchObject({ status: 303, location: DONE })
    const after = await stripe.subscriptions.retrieve(id)
    expect(after.cancel_at !== null).toBe(action === 'cancel')
    expect(after.items.data[0]?.price.id === dearer).toBe(action === 'update')

    const confirmed = await openFlow({
      type: 'hosted_confirmation',
      hosted_confirmation: { custom_message: 'ありがとうございました' },
    })
    const shown = await press(confirmed, { ...fields, action })
    expect([shown.status, shown.text.includes('ありがとうございました')]).toEqual([200, true])
    const home = await openFlow(undefined)
    const { status, location } = await press(home, { ...fields, action })
    expect([status, new URL(location ?? '', home).pathname]).toEqual([303, new URL(home).pathname])
  })

  test.each([
    ['without its subscription', { type: 'subscription_cancel' }, 'flow_data[subscription_cancel]'],
    [
      'that is to lead nowhere',
      { type: 'payment_method_update', after_completion: { type: 'redirect' } },
      'flow_data[after_completion][redirect]',
    ],
    [
      'with an unknown parameter',
      { type: 'payment_method_update', after_completion: { type: 'redirect', to: DONE } },
      'flow_data[after_completion][to]',
    ],
    ['of an unknown type', { type: 'subscription_pause' }, 'flow_data[type]'],
  ])('%s is refused by name', async (_, flow_data, param) => {
    await using open = await openStripe()
    const { id: customer } = await open.stripe.customers.create()
    const made = open.stripe.billingPortal.sessions.create({ customer, flow_data })
    expect(await refusal(made)).toMatchObject({ status: 400, param })
  })
})

describe('a configuration of the portal', () => {
  test('says what a person may do', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const offered = await monthlyPrice(stripe, { unit_amount: 3_960 })
    const another = await monthlyPrice(stripe, { unit_amount: 9_900 })
    const { product } = await stripe.prices.retrieve(offered)
    const { id: configuration } = await stripe.billingPortal.configurations.create({
      default_return_url: DONE,
      features: {
        subscription_cancel: { enabled: true, mode: 'immediately' },
        subscription_update: {
          enabled: true,
          default_allowed_updates: ['price'],
          products: [{ product: product as string, prices: [offered] }],
        },
      },
    })
    const { id, customer } = await subscribe(stripe)
    const session = await stripe.billingPortal.sessions.create({
      customer: customer as string,
      configuration,
    })
    expect(session).toMatchObject({ configuration, return_url: DONE })
    const { url } = session
    const card = { action: 'card', card_number: '4242424242424242' }
    expect(await press(url, card)).toMatchObject({ status: 400 })
    expect(await (await fetch(url)).text()).not.toContain('value="card"')
    const update = { action: 'update', subscription: id }
    expect(await press(url, { ...update, price: another })).toMatchObject({ status: 400 })
    expect(await press(url, { ...update, price: offered })).toMatchObject({ status: 303 })
    expect((await stripe.subscriptions.retrieve(id)).items.data[0]?.price.id).toBe(offered)
    expect(await press(url, { action: 'cancel', subscription: id })).toMatchObject({ status: 303 })
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('canceled')
  })

  test('is changed, listed and taken out of use', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const { configurations } = stripe.billingPortal
    const features = { payment_method_update: { enabled: true } }
    const made = await configurations.create({ features, name: 'cards', metadata: { own: '1' } })
    expect(made).toMatchObject({
      active: true,
      is_default: false,
      features: { ...features, subscription_cancel: { enabled: false } },
    })
    await configurations.update(made.id, {
      active: false,
      features: { subscription_cancel: { enabled: true } },
    })
    expect(await configurations.retrieve(made.id)).toMatchObject({
      active: false,
      features: { ...features, subscription_cancel: { enabled: true, mode: 'at_period_end' } },
      metadata: { own: '1' },
      name: 'cards',
    })
    const listed = await configurations.list({ active: true })
    expect(listed.data.map(({ is_default: isDefault }) => isDefault)).toEqual([true])
    const { id: customer } = await stripe.customers.create()
    for (const configuration of [made.id, 'bpc_none']) {
      const session = stripe.billingPortal.sessions.create({ customer, configuration })
      expect(await refusal(session)).toMatchObject({ status: 400, param: 'configuration' })
    }
  })

  test('does not open a flow whose feature is off', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const { id, customer } = await subscribe(stripe)
    const { id: configuration } = await stripe.billingPortal.configurations.create({
      features: { invoice_history: { enabled: true } },
    })
    const of = { subscription: id }
    for (const flow_data of [
      { type: 'subscription_cancel', subscription_cancel: of },
      { type: 'subscription_update', subscription_update: of },
      { type: 'payment_method_update' },
    ] as const) {
      const given = { customer: customer as string, configuration, flow_data }
      expect(await refusal(stripe.billingPortal.sessions.create(given))).toMatchObject({
        status: 400,
        param: 'flow_data[type]',
      })
    }
  })

  test.each([
    ['nothing', {}, 'features'],
    [
      'a feature that there is not',
      { features: { subscription_pause: { enabled: true } } },
      'features[subscription_pause]',
    ],
    [
      'a field of a feature',
      { features: { invoice_history: { enabled: true, limit: 3 } } },
      'features[invoice_history][limit]',
    ],
    [
      'an unknown mode',
      { features: { subscription_cancel: { mode: 'later' } } },
      'features[subscription_cancel][mode]',
    ],
    ['an unknown field', { features: {}, login: true }, 'login'],
  ])('of %s is refused by name', async (_, given, param) => {
    await using open = await openStripe()
    const made = open.stripe.billingPortal.configurations.create(given as never)
    expect(await refusal(made)).toMatchObject({ status: 400, param })
  })
})
