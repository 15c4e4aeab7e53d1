import {
  type Billing,
  BillingError,
  type BillingSubscription,
  subscriptionOf,
} from '@yuzuru/billing'
import { repository, tableOf } from '@yuzuru/db'
import type { Kysely, Selectable, Transaction } from 'kysely'
import type { App } from '../app.ts'
import { offices } from '../offices/offices.ts'
import type { Staff } from '../offices/staff.ts'
import type { BillingsTable, Schema } from '../schema.ts'
import { Invalid } from '../web/invalid.ts'
import type { Language } from '../web/language.ts'
import { monthlyPrice } from './monthly-price.ts'
import { TRIAL_DAYS } from './trial-days.ts'

export type OfficeBilling = Selectable<BillingsTable>

const DAY_MS = 24 * 60 * 60 * 1_000

const billings = repository(tableOf<Schema>()('billings', { id: 'office_id' }))

/** The billing of an office; the first look makes it, with its trial. However many look at once, one is made. */
export async function getBilling(db: Kysely<Schema>, officeId: string): Promise<OfficeBilling> {
  const fresh = {
    office_id: officeId,
    status: 'trialing',
    trial_ends_at: new Date(Date.now() + TRIAL_DAYS * DAY_MS),
    subscription_id: null,
    event_at: null,
  }
  const { row } = await billings.getOrCreate(db, fresh, ['office_id'])
  return row
}

/**
 * Opens Stripe's page for the subscription. No transaction is open meanwhile; whoever clicks twice, in however
 * many tabs, is sent to the same page. What is left of the trial goes along.
 *
 * @returns where to send the person
 */
export async function beginCheckout(
  app: App,
  staff: Staff,
  options: { readonly language: Language },
): Promise<string> {
  const office = await offices.get(app.db, staff.office_id)
  const trial = await getBilling(app.db, staff.office_id)
  await app.billingStore.openAccount(staff.office_id, {
    now: Date.now(),
    trialEndsAt: trial.trial_ends_at.getTime(),
  })
  const { publicUrl } = app.settings
  const checkout = app.billing.checkout(staff.office_id, {
    customer: { email: staff.email, name: office.name },
    price: await monthlyPrice(app.billing),
    successUrl: new URL('/billing?checkout={CHECKOUT_SESSION_ID}', publicUrl).href,
    cancelUrl: new URL('/billing', publicUrl).href,
    locale: options.language,
  })
  const { url } = await checkout.catch((error: unknown) => {
    if (!BillingError.isInstance(error) || error.code !== 'already_subscribed') throw error
    throw isSubscribed()
  })
  return url
}

function isSubscribed(): Invalid {
  const text = { ja: 'すでにご契約があります', en: 'is subscribed already' }
  return new Invalid([{ field: 'billing', text }], 409)
}

/** Takes a delivery of Stripe's: what it says of a subscription is written down with the event's id. */
export async function receiveWebhook(
  billing: Billing<Transaction<Schema>>,
  body: Uint8Array,
  signature: string | undefined,
): Promise<{ readonly duplicate: boolean }> {
  return await billing.webhooks.receive(body, signature, async (event, tx) => {
    const subscription = subscriptionOf(event)
    if (subscription === undefined) return
    await setStatus(tx, subscription, new Date(event.created * 1_000))
  })
}

async function setStatus(
  tx: Transaction<Schema>,
  subscription: BillingSubscription,
  eventAt: Date,
): Promise<void> {
  if (subscription.reference === undefined) return
  await tx
    .updateTable('billings')
    .set({ status: subscription.status, subscription_id: subscription.id, event_at: eventAt })
    .where('office_id', '=', subscription.reference)
    // Stripe does not deliver in order: an older event changes nothing.
    .where((where) => where.or([where('event_at', 'is', null), where('event_at', '<=', eventAt)]))
    .execute()
}
