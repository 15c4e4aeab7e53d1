import { randomUUID } from 'node:crypto'
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

export type OfficeBilling = Selectable<BillingsTable>

const TRIAL_DAYS = 180
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
 * Opens Stripe's page for the subscription. No transaction is open meanwhile; a repeat of the same attempt
 * makes neither a second customer nor a second page.
 *
 * @returns where to send the person
 */
export async function beginCheckout(
  app: App,
  staff: Staff,
  options: { readonly attemptKey: string; readonly language: Language },
): Promise<string> {
  const billing = await getBilling(app.db, staff.office_id)
  const office = await offices.get(app.db, staff.office_id)
  const { publicUrl } = app.settings
  const checkout = app.billing.createCheckout({
    reference: staff.office_id,
    attemptKey: options.attemptKey,
    customer: { email: staff.email, name: office.name },
    priceId: await monthlyPrice(app.billing),
    successUrl: new URL('/billing?checkout={CHECKOUT_SESSION_ID}', publicUrl).href,
    cancelUrl: new URL('/billing', publicUrl).href,
    locale: options.language,
    ...trialOf(billing),
  })
  const { url } = await checkout.catch((error: unknown) => {
    throw isSpent(error) ? attemptIsOver() : error
  })
  return url
}

/** Whether the attempt is over: its page was completed or has expired, or it was for other values. */
function isSpent(error: unknown): boolean {
  if (!BillingError.isInstance(error)) return false
  return error.code === 'checkout_closed' || error.code === 'idempotency_conflict'
}

function attemptIsOver(): Invalid {
  const text = {
    ja: 'この手続きは終わっています。お支払いの画面を開き直してください',
    en: 'is over: open the billing page again',
  }
  return new Invalid([{ field: 'attempt', text }], 409)
}

/** What is left of the trial goes along, as long as Stripe takes it (48 hours ahead at least). */
function trialOf({ trial_ends_at }: OfficeBilling): { readonly trialEnd?: Date } {
  return trial_ends_at.getTime() - Date.now() > 3 * DAY_MS ? { trialEnd: trial_ends_at } : {}
}

/** A key for the next attempt. */
export function newAttemptKey(): string {
  return randomUUID()
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
