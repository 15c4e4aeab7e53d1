import { BillingError, type BillingInvoice, type BillingStatus } from '@yuzuru/billing'
import { Hono } from 'hono'
import type { App } from '../app.ts'
import { allow, staffOf } from '../web/access.ts'
import type { Environment } from '../web/environment.ts'
import { Invalid } from '../web/invalid.ts'
import type { Text } from '../web/language.ts'
import { withNotice } from '../web/notices.ts'
import { readForm } from '../web/read-form.ts'
import { billingPage } from './billing-page.tsx'
import { billingStatusResponse } from './billing-status-response.ts'
import { beginCheckout } from './billings.ts'
import { confirmationOf } from './confirmation.ts'
import { invoicesPage } from './invoices-page.tsx'
import { changePlan, previewPlan, readPlanChange } from './plan-change.ts'
import { planPage } from './plan-page.tsx'
import { seatsPaid } from './seats.ts'

/** The subscription of the office, and Stripe's webhooks about it. */
export function billingRoutes(app: App): Hono<Environment> {
  const routes = new Hono<Environment>()

  routes.get('/api/v1/billing/status', allow('billing.read'), async (c) => {
    const billing = await app.billing.status(staffOf(c).office_id)
    return c.json(billingStatusResponse(billing))
  })

  routes.get('/billing', allow('billing.read'), async (c) => {
    const { checkout: sessionId, since } = c.req.query()
    const { billing, isBack } = await statusShown(app.billing, staffOf(c).office_id, sessionId)
    const again = isBack ? `/billing?checkout=${sessionId}` : '/billing'
    const now = Date.now()
    const confirmation = confirmationOf(billing, { isBack, since, now })
    if (confirmation === 'begins') return c.redirect(`${again}${isBack ? '&' : '?'}since=${now}`)
    const seats = await seatsPaid(app, billing)
    return await billingPage(c, billing, seats, { confirmation, again })
  })

  routes.post('/billing/checkout', allow('billing.manage'), async (c) => {
    return c.redirect(await beginCheckout(app, staffOf(c), { language: c.get('language') }), 303)
  })

  routes.post('/billing/portal', allow('billing.manage'), async (c) => {
    const portal = app.billing.portal(staffOf(c).office_id, {
      returnUrl: new URL('/billing', app.settings.publicUrl).href,
    })
    const { url } = await portal.catch(refuse)
    return c.redirect(url, 303)
  })

  routes.get('/billing/plan', allow('billing.manage'), async (c) => {
    const { to } = readPlanChange(c.req.query())
    const preview = await previewPlan(app, staffOf(c).office_id, to).catch(refuse)
    const seats = await seatsPaid(app, await app.billing.status(staffOf(c).office_id))
    return planPage(c, { to, seats }, preview)
  })

  routes.post('/billing/plan', allow('billing.manage'), async (c) => {
    await changePlan(app, staffOf(c).office_id, readPlanChange(await readForm(c))).catch(refuse)
    return c.redirect(withNotice('/billing', 'plan-changed'), 303)
  })

  routes.post('/billing/cancel', allow('billing.manage'), async (c) => {
    await app.billing.cancel(staffOf(c).office_id).catch(refuse)
    return c.redirect(withNotice('/billing', 'subscription-canceling'), 303)
  })

  routes.post('/billing/resume', allow('billing.manage'), async (c) => {
    await app.billing.resume(staffOf(c).office_id).catch(refuse)
    return c.redirect(withNotice('/billing', 'subscription-resumed'), 303)
  })

  routes.get('/billing/invoices', allow('billing.read'), async (c) => {
    const invoices: BillingInvoice[] = []
    for await (const invoice of app.billing.invoices(staffOf(c).office_id)) {
      invoices.push(invoice)
      if (invoices.length === INVOICES) break
    }
    return invoicesPage(c, invoices)
  })

  routes.post('/billing/retry', allow('billing.manage'), async (c) => {
    const retried = app.billing.retryPayment(staffOf(c).office_id)
    const { confirmUrl } = await retried.catch(refuse)
    return c.redirect(confirmUrl ?? '/billing', 303)
  })

  routes.post('/webhooks/stripe', allow('anyone'), (c) => app.billing.webhook(c.req.raw))

  return routes
}

/** How many invoices are shown, the newest first. */
const INVOICES = 24

const REFUSALS: Readonly<Record<string, Text>> = {
  not_found: { ja: 'まだお支払い方法が登録されていません', en: 'is not set up yet' },
  card_declined: { ja: 'カードが断られました', en: 'was declined: try another card' },
}

/** Turns errors that only the person can correct into messages for them. */
function refuse(error: unknown): never {
  const text = BillingError.isInstance(error) ? REFUSALS[error.code] : undefined
  if (text === undefined) throw error
  throw new Invalid([{ field: 'billing', text }], 409)
}

/**
 * The status page after Stripe's page may be shown before the webhook has arrived: then Stripe is asked. A
 * session that Stripe does not know, or that belongs to another office, is ignored.
 */
async function statusShown(
  billing: App['billing'],
  officeId: string,
  sessionId: string | undefined,
): Promise<{ readonly billing: BillingStatus; readonly isBack: boolean }> {
  if (sessionId === undefined || !/^cs_\w{1,200}$/.test(sessionId)) {
    return { billing: await billing.status(officeId), isBack: false }
  }
  try {
    return { billing: await billing.sync({ sessionId, reference: officeId }), isBack: true }
  } catch (error) {
    if (!BillingError.isInstance(error)) throw error
    const isBack = error.code !== 'not_found'
    return { billing: await billing.status(officeId), isBack }
  }
}
