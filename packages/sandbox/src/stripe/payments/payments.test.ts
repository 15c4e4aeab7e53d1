import { describe, expect, test } from 'vitest'

import { customerWith, openStripe, openStripeAt, refusal } from '../../../test/stripe/fixture.ts'

const one = { amount: 1000, confirm: true, currency: 'jpy' } as const

// Source: https://docs.stripe.com/testing
describe('a test card', () => {
  test.each([
    ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card'],
    ['pm_card_visa_chargeDeclinedStolenCard', 'card_declined', 'stolen_card'],
    ['pm_card_visa_chargeDeclinedVelocityLimitExceeded', 'card_declined', 'card_velocity_exceeded'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', undefined],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', undefined],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', undefined],
  ])('%s is declined as %s, and can’t be saved', async (payment_method, code, decline) => {
    await using open = await openStripe()
    const { server, stripe } = open
    const refused = await refusal(stripe.paymentIntents.create({ ...one, payment_method }))
    expect(refused).toMatchObject({ code, status: 402, type: 'card_error' })
    expect(refused.decline).toBe(decline)
    expect((await stripe.paymentIntents.list()).data).toMatchObject([
      { last_payment_error: { code }, status: 'requires_payment_method' },
    ])
    const [charge] = (await stripe.charges.list()).data
    expect(charge).toMatchObject({ failure_code: code, paid: false, status: 'failed' })
    const { id: customer } = await stripe.customers.create()
    expect(await refusal(stripe.paymentMethods.attach(payment_method, { customer }))).toMatchObject(
      {
        code,
        status: 402,
      },
    )
    expect(server.events().map(({ type }) => type)).toContain('payment_intent.payment_failed')
  })

  // Source: https://docs.stripe.com/radar/testing
  test.each(['pm_card_radarBlock', 'pm_card_riskLevelHighest'])(
    '%s is blocked for its risk, and no bank is asked',
    async (payment_method) => {
      await using open = await openStripe()
      const { stripe } = open
      const refused = await refusal(stripe.paymentIntents.create({ ...one, payment_method }))
      expect(refused).toMatchObject({ code: 'card_declined', status: 402, decline: 'fraudulent' })
      const [charge] = (await stripe.charges.list()).data
      expect(charge?.outcome).toMatchObject({
        network_status: 'not_sent_to_network',
        reason: 'highest_risk_level',
        risk_level: 'highest',
        type: 'blocked',
      })
    },
  )

  test('that can be saved and not charged', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const { id: customer } = await stripe.customers.create()
    const method = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer })
    expect(method).toMatchObject({ card: { last4: '0341' }, customer })
    const charge = stripe.paymentIntents.create({ ...one, customer, payment_method: method.id })
    expect(await refusal(charge)).toMatchObject({ code: 'card_declined', status: 402 })
  })

  test('that asks its owner is requires_action on the page, and authentication_required without one', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const payment_method = 'pm_card_authenticationRequired'
    const asked = await stripe.paymentIntents.create({ ...one, payment_method })
    expect(asked).toMatchObject({
      next_action: { type: 'use_stripe_sdk' },
      status: 'requires_action',
    })
    await server.authenticate(asked.id)
    expect(await stripe.paymentIntents.retrieve(asked.id)).toMatchObject({
      amount_received: 1000,
      status: 'succeeded',
    })
    const { id: customer } = await customerWith(stripe, payment_method)
    const [saved] = (await stripe.paymentMethods.list({ customer })).data
    const alone = stripe.paymentIntents.create({
      ...one,
      customer,
      off_session: true,
      payment_method: saved?.id ?? '',
    })
    expect(await refusal(alone)).toMatchObject({ code: 'authentication_required', status: 402 })
  })

  test('that was set up once is charged without its owner', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const { id: customer } = await stripe.customers.create()
    const setup = await stripe.setupIntents.create({
      confirm: true,
      customer,
      payment_method: 'pm_card_authenticationRequiredOnSetup',
    })
    expect(setup.status).toBe('requires_action')
    await server.authenticate(setup.id)
    const done = await stripe.setupIntents.retrieve(setup.id)
    expect(done.status).toBe('succeeded')
    const payment_method = done.payment_method as string
    const paid = await stripe.paymentIntents.create({
      ...one,
      customer,
      off_session: true,
      payment_method,
    })
    expect(paid.status).toBe('succeeded')
  })

  test.each([
    ['pm_card_threeDSecureOptional', 'succeeded', 'succeeded'],
    ['pm_card_threeDSecureOptionalProcessingError', 'succeeded', 'succeeded'],
    ['pm_card_threeDSecure2Required', 'requires_action', 'succeeded'],
    ['pm_card_threeDSecureRequired', 'requires_action', 'succeeded'],
    ['4000008400000027', 'requires_action', 'succeeded'],
    ['pm_card_authenticationRequiredSetupForOffSession', 'requires_action', 'succeeded'],
    ['pm_card_threeDSecureRequiredProcessingError', 'card_declined', 'card_declined'],
    ['pm_card_threeDSecureRequiredChargeDeclined', 'requires_action', 'card_declined'],
    ['pm_card_authenticationRequired', 'requires_action', 'authentication_required'],
  ])('of 3-D Secure, %s: %s on the page, %s without its owner', async (card, onPage, alone) => {
    await using open = await openStripe()
    const { stripe } = open
    const { id: customer } = await stripe.customers.create()
    const method = card.startsWith('pm_')
      ? card
      : (
          await stripe.paymentMethods.create({
            card: { exp_month: 1, exp_year: 2030, number: card },
            type: 'card',
          })
        ).id
    const { id: payment_method } = await stripe.paymentMethods.attach(method, { customer })
    const pay = async (off_session: boolean): Promise<string | undefined> => {
      const asked = stripe.paymentIntents.create({ ...one, customer, off_session, payment_method })
      const failed = asked.then(
        () => undefined,
        () => refusal(asked),
      )
      return (await failed)?.code ?? (await asked).status
    }
    expect([await pay(false), await pay(true)]).toEqual([onPage, alone])
  })

  test('is known by its number, and a number that is none is refused', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const create = (number: string): Promise<unknown> =>
      stripe.paymentMethods.create({ card: { exp_month: 1, exp_year: 2030, number }, type: 'card' })
    expect(await create('5555555555554444')).toMatchObject({
      card: { brand: 'mastercard', last4: '4444' },
    })
    expect(await refusal(create('4242424242424243'))).toMatchObject({
      code: 'incorrect_number',
      status: 402,
    })
  })
})

describe('a payment', () => {
  test('waits for its capture when asked, and is canceled before it', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const hold = { ...one, capture_method: 'manual', payment_method: 'pm_card_visa' } as const
    const held = await stripe.paymentIntents.create(hold)
    expect(held).toMatchObject({ amount_capturable: 1000, status: 'requires_capture' })
    expect(await stripe.paymentIntents.capture(held.id)).toMatchObject({
      amount_received: 1000,
      status: 'succeeded',
    })
    const other = await stripe.paymentIntents.create(hold)
    expect(await stripe.paymentIntents.cancel(other.id)).toMatchObject({ status: 'canceled' })
    expect(await refusal(stripe.paymentIntents.confirm(other.id))).toMatchObject({
      code: 'payment_intent_unexpected_state',
    })
  })

  test('is refunded in part and in whole, never more', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const paid = await stripe.paymentIntents.create({ ...one, payment_method: 'pm_card_visa' })
    const refund = (amount?: number): Promise<unknown> =>
      stripe.refunds.create({
        payment_intent: paid.id,
        ...(amount === undefined ? {} : { amount }),
      })
    expect(await refund(300)).toMatchObject({ amount: 300, status: 'succeeded' })
    expect(await refusal(refund(701))).toMatchObject({ param: 'amount', status: 400 })
    expect(await refund()).toMatchObject({ amount: 700 })
    expect(await refusal(refund())).toMatchObject({ code: 'charge_already_refunded' })
    const charge = await stripe.charges.retrieve(paid.latest_charge as string, {
      expand: ['refunds'],
    })
    expect(charge).toMatchObject({
      amount_refunded: 1000,
      refunded: true,
      refunds: { data: [{}, {}] },
    })
    const booked = await stripe.balanceTransactions.list({ type: 'refund' })
    expect(booked.data.map(({ net }) => net)).toEqual([-700, -300])
    expect(server.events().filter(({ type }) => type === 'charge.refunded')).toHaveLength(2)
  })

  test('whose refund fails later, or waits', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const refunded = async (payment_method: string): Promise<unknown> => {
      const { id } = await stripe.paymentIntents.create({ ...one, payment_method })
      return stripe.refunds.create({ payment_intent: id })
    }
    expect(await refunded('pm_card_refundFail')).toMatchObject({ status: 'failed' })
    expect(await refunded('pm_card_pendingRefund')).toMatchObject({ status: 'pending' })
  })

  // Source: https://docs.stripe.com/testing#disputes
  test('that is disputed is withdrawn, and comes back when the evidence wins', async () => {
    await using open = await openStripe()
    const { server, stripe } = open
    const paid = await stripe.paymentIntents.create({
      ...one,
      payment_method: 'pm_card_createDispute',
    })
    const [dispute] = (await stripe.disputes.list({ payment_intent: paid.id })).data
    expect(dispute).toMatchObject({ amount: 1000, reason: 'fraudulent', status: 'needs_response' })
    expect(await refusal(stripe.refunds.create({ payment_intent: paid.id }))).toMatchObject({
      code: 'charge_disputed',
    })
    const won = await stripe.disputes.update(dispute?.id ?? '', {
      evidence: { uncategorized_text: 'winning_evidence' },
    })
    expect(won.status).toBe('won')
    expect(won.balance_transactions.map(({ amount }) => amount)).toEqual([-1000, 1000])
    const types = server.events().map(({ type }) => type)
    expect(types.filter((type) => type.startsWith('charge.dispute'))).toEqual([
      'charge.dispute.created',
      'charge.dispute.funds_withdrawn',
      'charge.dispute.updated',
      'charge.dispute.funds_reinstated',
      'charge.dispute.closed',
    ])
    const second = await stripe.paymentIntents.create({
      ...one,
      payment_method: 'pm_card_createDispute',
    })
    const [open2] = (await stripe.disputes.list({ payment_intent: second.id })).data
    expect((await stripe.disputes.close(open2?.id ?? '')).status).toBe('lost')
  })

  test('that is disputed is lost when nobody answers until it is due', async () => {
    await using open = await openStripeAt('2026-01-01T00:00:00Z')
    const { stripe } = open
    const pay = async (payment_method: string): Promise<string> => {
      const { id } = await stripe.paymentIntents.create({ ...one, payment_method })
      return (await stripe.disputes.list({ payment_intent: id })).data[0]?.id ?? ''
    }
    const ids = [await pay('pm_card_createDispute'), await pay('pm_card_createDisputeInquiry')]
    const statuses = (): Promise<string[]> =>
      Promise.all(ids.map(async (id) => (await stripe.disputes.retrieve(id)).status))
    await open.pass(6)
    expect(await statuses()).toEqual(['needs_response', 'warning_needs_response'])
    await open.pass(2)
    expect(await statuses()).toEqual(['lost', 'warning_needs_response'])
    const closed = open.server.events().filter(({ type }) => type === 'charge.dispute.closed')
    expect(closed.map(({ created }) => new Date(created * 1_000).toISOString())).toEqual([
      '2026-01-08T00:00:00.000Z',
    ])
  })

  test('method that is detached is nobody’s default any more', async () => {
    await using open = await openStripe()
    const { stripe } = open
    const customer = await customerWith(stripe)
    const method = customer.invoice_settings.default_payment_method as string
    await stripe.paymentMethods.detach(method)
    expect(await stripe.customers.retrieve(customer.id)).toMatchObject({
      invoice_settings: { default_payment_method: null },
    })
    const use = stripe.customers.update(customer.id, {
      invoice_settings: { default_payment_method: method },
    })
    expect(await refusal(use)).toMatchObject({ code: 'resource_missing', status: 400 })
  })
})
