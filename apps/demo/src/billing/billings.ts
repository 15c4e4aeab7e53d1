import { BillingError } from '@yuzuru/billing'
import type { App } from '../app.ts'
import { offices } from '../offices/offices.ts'
import type { Staff } from '../offices/staff.ts'
import { Invalid } from '../web/invalid.ts'
import type { Language } from '../web/language.ts'
import { planPrices } from './plans-sold.ts'
import { seatsOf } from './seats.ts'

/**
 * Opens Stripe's page for the subscription. No transaction is open meanwhile. Clicks in several tabs lead
 * to the same page. The rest of the trial is kept.
 *
 * @returns where to send the person
 */
export async function beginCheckout(
  app: App,
  staff: Staff,
  options: { readonly language: Language },
): Promise<string> {
  const office = await offices.get(app.db, staff.office_id)
  const { publicUrl } = app.settings
  const checkout = app.billing.checkout(staff.office_id, {
    customer: { email: staff.email, name: office.name },
    price: (await planPrices(app.billing)).month,
    quantity: await seatsOf(app.db, staff.office_id),
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
