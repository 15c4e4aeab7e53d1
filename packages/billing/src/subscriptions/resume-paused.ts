import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import { idOf } from '../stripe/id-of.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import type { Fetches } from './fetches.ts'
import { newestInvoice, payInvoice } from './pay-invoice.ts'

interface ResumeInit {
  readonly calls: StripeCalls
  readonly fetches: Fetches
}

/**
 * Has a paused subscription go on. Stripe makes an invoice of that, which nobody tries to collect, and the subscription
 * stays paused until it is paid: so it is paid here. An invoice that is open already, of an earlier call say, is paid
 * before another one is made.
 *
 * @see https://docs.stripe.com/billing/subscriptions/pause#resume-subscriptions
 * @returns it as it is then: still paused while a person has to confirm the payment, or to give a card
 */
export async function resumePaused(
  init: ResumeInit,
  reference: string,
  paused: Stripe.Subscription,
): Promise<Stripe.Subscription> {
  const { calls, fetches } = init
  const earlier = await payNewest(calls, paused.id)
  if (earlier !== 'nothing is due') {
    const current = await fetches.one(reference, paused.id)
    if (earlier === 'waits' || current.status !== 'paused') return current
  }
  await resume(calls, paused)
  await payNewest(calls, paused.id)
  return await fetches.one(reference, paused.id)
}

async function payNewest(
  calls: StripeCalls,
  id: string,
): Promise<'paid' | 'waits' | 'nothing is due'> {
  const invoice = await newestInvoice(calls, id)
  if (invoice?.status !== 'open') return 'nothing is due'
  return (await payInvoice(calls, invoice.id)) ? 'paid' : 'waits'
}

/**
 * Two calls at once that have seen the same newest invoice make one, as they have the same key. The end of the period
 * is when it was paused.
 */
async function resume(
  calls: StripeCalls,
  { id, items, latest_invoice: latest }: Stripe.Subscription,
): Promise<void> {
  const call = {
    operation: 'subscriptions.resume',
    effect: 'idempotent',
    answers: 'subscription',
  } as const
  const send = (keyed: { readonly idempotencyKey?: string }): Promise<unknown> =>
    calls.run({ ...call, ...keyed }, (stripe, request) =>
      stripe.subscriptions.resume(id, {}, request),
    )
  const seen = idOf(latest)
  const pausedAt = items.data[0]?.current_period_end
  try {
    await send({ idempotencyKey: `yuzuru-resume-${id}-${seen ?? ''}-${pausedAt ?? ''}` })
  } catch (error) {
    // Stripe has stored a failure for the key, which may have come after the effect.
    if (!BillingError.isInstance(error) || !error.replayed) throw error
    if ((await newestInvoice(calls, id))?.id === seen) await send({})
  }
}
