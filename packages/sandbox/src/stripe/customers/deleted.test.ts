import { expect, test } from 'vitest'
import {
  customerWith,
  monthlyPrice,
  openCheckout,
  openStripeAt,
  seconds,
  subscribe,
} from '../../../test/stripe/fixture.ts'

test('time goes on after a customer was deleted: of what waited for it nothing comes about', async () => {
  await using open = await openStripeAt('2026-01-01T00:00:00Z')
  const { server, stripe } = open
  const { id: customer } = await customerWith(stripe)
  const price = await monthlyPrice(stripe)
  await subscribe(stripe, { customer, trial_period_days: 7 })
  await openCheckout(stripe, { customer })
  const schedule = await stripe.subscriptionSchedules.create({
    customer,
    phases: [{ items: [{ price }] }],
    start_date: seconds('2026-01-10T00:00:00Z'),
  })
  await stripe.invoiceItems.create({ amount: 100, currency: 'jpy', customer })
  const draft = await stripe.invoices.create({
    auto_advance: true,
    customer,
    pending_invoice_items_behavior: 'include',
  })
  const opened = await stripe.invoices.create({ auto_advance: true, customer })
  await stripe.invoices.finalizeInvoice(opened.id ?? '')
  await stripe.customers.del(customer)
  await open.moveTo('2026-03-01T00:00:00Z')
  expect(await stripe.subscriptionSchedules.retrieve(schedule.id)).toMatchObject({
    status: 'canceled',
  })
  expect(await stripe.invoices.retrieve(draft.id ?? '')).toMatchObject({ status: 'draft' })
  expect(server.subscriptions().map(({ status }) => status)).toEqual(['canceled'])
})
