import type { Stripe } from 'stripe'
import {
  fakeId,
  type FakeReply,
  type FakeState,
  found,
  listed,
  metadataOf,
  missing,
  refusal,
} from './fake-state.ts'
import type { FakePlan } from './fake-subscription.ts'

/** What each session will become. */
const plans = new WeakMap<Stripe.Checkout.Session, FakePlan>()

export function planOf(session: Stripe.Checkout.Session): FakePlan | undefined {
  return plans.get(session)
}

type Route = (state: FakeState, fields: URLSearchParams, id: string) => FakeReply

/** What the fake answers, by method and path; `:id` stands for an id. */
export const ROUTES: Readonly<Record<string, Route>> = {
  'POST /v1/customers': createCustomer,
  'GET /v1/customers': ({ customers }, fields) => {
    const email = fields.get('email')
    const all = [...customers.values()].toReversed()
    return listed(email === null ? all : all.filter((customer) => customer.email === email))
  },
  'GET /v1/customers/:id': ({ customers }, _, id) => {
    const customer = customers.get(id)
    return customer === undefined ? missing('customer', id, 404) : found(customer)
  },
  'POST /v1/checkout/sessions': createSession,
  'GET /v1/checkout/sessions': ({ sessions }, fields) => {
    const [customer, status] = [fields.get('customer'), fields.get('status')]
    const all = [...sessions.values()].toReversed()
    return listed(all.filter((one) => one.customer === customer && one.status === status))
  },
  'POST /v1/checkout/sessions/:id/expire': expireSession,
  'GET /v1/checkout/sessions/:id': ({ sessions }, _, id) => {
    const session = sessions.get(id)
    return session === undefined ? missing('checkout.session', id, 404) : found(session)
  },
  'POST /v1/billing_portal/sessions': ({ customers }, fields) => {
    const customer = fields.get('customer') ?? ''
    if (!customers.has(customer)) return missing('customer', customer, 400, 'customer')
    const id = fakeId('bps')
    const url = `https://billing.stripe.com/p/session/${id}`
    return found({ id, object: 'billing_portal.session', customer, url })
  },
  'GET /v1/subscriptions': ({ subscriptions }, fields) => {
    const customer = fields.get('customer')
    const status = fields.get('status')
    const since = numberOf(fields, 'created[gte]') ?? 0
    const found = [...subscriptions.values()].filter(
      (it) =>
        (customer === null || it.customer === customer) &&
        (status === null ? it.status !== 'canceled' : status === 'all' || it.status === status) &&
        it.created >= since,
    )
    return listed(found.toReversed())
  },
  'GET /v1/subscriptions/:id': ({ subscriptions }, _, id) => {
    const subscription = subscriptions.get(id)
    return subscription === undefined ? missing('subscription', id, 404) : found(subscription)
  },
  'POST /v1/subscriptions/:id': updateSubscription,
  'DELETE /v1/subscriptions/:id': (state, _, id) => {
    const now = state.now()
    return change(state, id, { status: 'canceled', canceled_at: now, ended_at: now })
  },
  'GET /v1/events/:id': ({ events }, _, id) => {
    const event = events.get(id)
    return event === undefined ? missing('event', id, 404) : found(event)
  },
  'GET /v1/invoices': () => listed([]),
  'POST /v1/billing/meter_events': countUsage,
}

function createCustomer(state: FakeState, fields: URLSearchParams): FakeReply {
  const email = fields.get('email')
  if (email !== null && !/^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/.test(email)) {
    return refusal(400, `Invalid email address: ${email}`, {
      code: 'email_invalid',
      param: 'email',
    })
  }
  const customer = {
    id: fakeId('cus'),
    object: 'customer',
    email,
    name: fields.get('name'),
    metadata: metadataOf(fields),
    created: state.now(),
    livemode: false,
  } as unknown as Stripe.Customer
  state.customers.set(customer.id, customer)
  return found(customer)
}

function createSession(state: FakeState, fields: URLSearchParams): FakeReply {
  const customer = fields.get('customer') ?? ''
  const price = fields.get('line_items[0][price]') ?? ''
  if (!state.customers.has(customer)) return missing('customer', customer, 400, 'customer')
  if (!price.startsWith('price_')) return missing('price', price, 400, 'line_items[0][price]')
  const now = state.now()
  const id = fakeId('cs_test')
  const session = {
    id,
    object: 'checkout.session',
    mode: 'subscription',
    status: 'open',
    customer,
    client_reference_id: fields.get('client_reference_id'),
    metadata: metadataOf(fields),
    locale: fields.get('locale'),
    success_url: fields.get('success_url'),
    cancel_url: fields.get('cancel_url'),
    subscription: null,
    created: now,
    expires_at: now + 86_400,
    url: `https://checkout.stripe.com/c/pay/${id}`,
    livemode: false,
  } as unknown as Stripe.Checkout.Session
  state.sessions.set(id, session)
  plans.set(session, {
    price,
    quantity: numberOf(fields, 'line_items[0][quantity]'),
    metadata: metadataOf(fields, 'subscription_data[metadata]'),
    trialEnd: numberOf(fields, 'subscription_data[trial_end]'),
    trialDays: numberOf(fields, 'subscription_data[trial_period_days]'),
  })
  return found(session)
}

function expireSession({ sessions }: FakeState, _: URLSearchParams, id: string): FakeReply {
  const session = sessions.get(id)
  if (session === undefined) return missing('checkout.session', id, 404)
  if (session.status !== 'open') {
    return refusal(400, `Only open sessions can be expired; this one is ${session.status}`)
  }
  return found(Object.assign(session, { status: 'expired', url: null }))
}

/** Its price and quantity, and when it is to end: in flexible billing mode both ways name a moment. */
function updateSubscription(state: FakeState, fields: URLSearchParams, id: string): FakeReply {
  const item = state.subscriptions.get(id)?.items.data[0]
  const price = fields.get('items[0][price]')
  if (price !== null && !price.startsWith('price_')) {
    return missing('price', price, 400, 'items[0][price]')
  }
  const atPeriodEnd = fields.get('cancel_at_period_end')
  const cancelAt = fields.get('cancel_at')
  const reply = change(state, id, {
    ...(atPeriodEnd === null
      ? {}
      : {
          cancel_at_period_end: atPeriodEnd === 'true',
          cancel_at: atPeriodEnd === 'true' ? (item?.current_period_end ?? null) : null,
        }),
    ...(cancelAt === null
      ? {}
      : { cancel_at_period_end: false, cancel_at: cancelAt === '' ? null : Number(cancelAt) }),
  })
  if (item === undefined || reply.status !== 200) return reply
  const isOther = price !== null && price !== item.price.id
  if (price !== null) item.price = { id: price, object: 'price' } as Stripe.Price
  // With another price it is 1, unless the request says otherwise.
  item.quantity = numberOf(fields, 'items[0][quantity]') ?? (isOther ? 1 : (item.quantity ?? 1))
  return reply
}

function countUsage({ usage }: FakeState, fields: URLSearchParams): FakeReply {
  const [id, meter] = [fields.get('identifier') ?? '', fields.get('event_name') ?? '']
  if (usage.has(id)) {
    return refusal(400, `An event already exists with identifier ${id}.`)
  }
  const customerId = fields.get('payload[stripe_customer_id]') ?? ''
  usage.set(id, { id, meter, customerId, value: numberOf(fields, 'payload[value]') ?? 1 })
  return found({ object: 'billing.meter_event', identifier: id, event_name: meter })
}

function change(state: FakeState, id: string, values: Partial<Stripe.Subscription>): FakeReply {
  const subscription = state.subscriptions.get(id)
  if (subscription === undefined || subscription.status === 'canceled') {
    return missing('subscription', id, 404)
  }
  return found(Object.assign(subscription, values))
}

function numberOf(fields: URLSearchParams, name: string): number | undefined {
  const value = fields.get(name)
  return value === null ? undefined : Number(value)
}
