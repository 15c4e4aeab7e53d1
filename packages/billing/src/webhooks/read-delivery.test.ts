import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { openStage } from '../../test/stage.ts'
import { signWebhook } from '../testing/sign-webhook.ts'
import { type DeliveryInit, readDelivery } from './read-delivery.ts'

const SECRET = 'whsec_test'
const init: DeliveryInit = { secrets: [SECRET], toleranceMs: 300_000, now: Date.now }
const created = 1_800_000_000

function eventOf(id: string): string {
  const data = { object: { id: 'sub_1', object: 'subscription' } }
  return JSON.stringify({ id, object: 'event', type: 'x.y', created, data })
}

function thinOf(change: object = {}): string {
  const related_object = { id: 'sub_1', type: 'subscription', url: '/v1/subscriptions/sub_1' }
  return JSON.stringify({
    id: 'evt_1',
    object: 'v2.core.event',
    type: 'v1.x.y',
    livemode: false,
    context: null,
    created: '2027-01-15T08:00:00.000Z',
    related_object,
    ...change,
  })
}

const read = (payload: string): ReturnType<typeof readDelivery> => {
  const { body, signature } = signWebhook(payload, SECRET)
  return readDelivery(init, Buffer.from(body), signature)
}

describe('a delivery', () => {
  test('of the sandbox’s Stripe is accepted', async () => {
    await using stage = await openStage()
    await stage.billing.client.customers.create({ email: 'a@example.jp' })
    const [event] = stage.server.events()
    expect(read(JSON.stringify(event))).toMatchObject({ type: 'customer.created', native: event })
  })

  test('is read, whether it is thin or not', () => {
    const said = { id: 'evt_1', createdAt: created * 1_000 }
    expect(read(eventOf('evt_1'))).toMatchObject({ ...said, type: 'x.y' })
    expect(read(thinOf())).toMatchObject({ ...said, type: 'v1.x.y' })
    expect(read(thinOf({ related_object: null }))).toMatchObject(said)
    expect(read(thinOf({ related_object: undefined }))).toMatchObject(said)
  })

  test('older than five minutes is refused', () => {
    const { body, signature } = signWebhook(eventOf('evt_1'), SECRET, Date.now() - 302_000)
    expect(() => readDelivery(init, Buffer.from(body), signature)).toThrow(
      expect.objectContaining({ code: 'invalid_signature', outcome: 'none', retryable: false }),
    )
  })

  test.each([
    ['no JSON', 'nothing'],
    ['no event', '{"id":"cus_1","object":"customer"}'],
    ['an event with a strange id', eventOf('evt_1; drop table')],
    ['a list', '[]'],
    ['a thin event with a strange id', thinOf({ id: 'sub_1' })],
    ['a thin event of no time', thinOf({ created: 'soon' })],
    ['a thin event whose time is a number', thinOf({ created })],
    ['a thin event about something without an id', thinOf({ related_object: { type: 'x' } })],
    ['a thin event about a word', thinOf({ related_object: 'sub_1' })],
  ])('that is signed but %s is invalid_payload', (_, payload) => {
    expect(() => read(payload)).toThrow(expect.objectContaining({ code: 'invalid_payload' }))
  })

  test('that is signed but no UTF-8 is invalid_payload', () => {
    const bytes = Buffer.from([0x22, 0xff, 0x22])
    const now = Math.floor(Date.now() / 1_000)
    const signature = createHmac('sha256', SECRET).update(`${now}.`).update(bytes).digest('hex')
    expect(() => readDelivery(init, bytes, `t=${now},v1=${signature}`)).toThrow(
      expect.objectContaining({ code: 'invalid_payload' }),
    )
  })

  test('without a webhookSecret is a TypeError', () => {
    expect(() => readDelivery({ ...init, secrets: [] }, Buffer.from('{}'), 't=1,v1=2')).toThrow(
      /webhookSecret/,
    )
  })
})
