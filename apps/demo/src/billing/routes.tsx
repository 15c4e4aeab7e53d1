import { BillingError } from '@yuzuru/billing'
import { Hono } from 'hono'
import type { App } from '../app.ts'
import { allow, may, staffOf } from '../web/access.ts'
import { type Environment, pageContext } from '../web/environment.ts'
import { Invalid } from '../web/invalid.ts'
import { formatMoment, type Text } from '../web/language.ts'
import { Layout } from '../web/layout.tsx'
import { billingStatusResponse } from './billing-status-response.ts'
import { beginCheckout, getBilling, receiveWebhook } from './billings.ts'

const STATES: Readonly<Record<string, Text>> = {
  trialing: { ja: '無料お試し中', en: 'Trial' },
  active: { ja: 'ご利用中', en: 'Active' },
  past_due: { ja: 'お支払いの確認が必要です', en: 'Payment due' },
  canceled: { ja: '解約済み', en: 'Cancelled' },
}

/** What the office pays, and Stripe's word on it. */
export function billingRoutes(app: App): Hono<Environment> {
  const routes = new Hono<Environment>()

  routes.get('/api/v1/billing/status', allow('billing.read'), async (c) => {
    const billing = await getBilling(app.db, staffOf(c).office_id)
    return c.json(billingStatusResponse(billing))
  })

  routes.get('/billing', allow('billing.read'), async (c) => {
    const language = c.get('language')
    const billing = await getBilling(app.db, staffOf(c).office_id)
    return await c.html(
      <Layout context={pageContext(c)} title={{ ja: 'お支払い', en: 'Billing' }}>
        <section>
          <p class="good" data-status={billing.status}>
            {STATES[billing.status]?.[language] ?? billing.status}
          </p>
          <p>
            {{ ja: 'お試し期間の終わり', en: 'The trial ends' }[language]}:{' '}
            {formatMoment(billing.trial_ends_at, language)}
          </p>
          {!may(staffOf(c), 'billing.manage') ? null : billing.subscription_id === null ? (
            <form method="post" action="/billing/checkout">
              <button>{{ ja: 'お支払い方法を登録する', en: 'Subscribe' }[language]}</button>
            </form>
          ) : (
            <form method="post" action="/billing/portal">
              <button>{{ ja: 'お支払いの管理', en: 'Manage payments' }[language]}</button>
            </form>
          )}
        </section>
      </Layout>,
    )
  })

  routes.post('/billing/checkout', allow('billing.manage'), async (c) => {
    return c.redirect(await beginCheckout(app, staffOf(c), { language: c.get('language') }), 303)
  })

  routes.post('/billing/portal', allow('billing.manage'), async (c) => {
    const portal = app.billing.portal(staffOf(c).office_id, {
      returnUrl: new URL('/billing', app.settings.publicUrl).href,
    })
    const { url } = await portal.catch((error: unknown) => {
      if (!BillingError.isInstance(error) || error.code !== 'not_found') throw error
      const text = { ja: 'まだお支払い方法が登録されていません', en: 'is not set up yet' }
      throw new Invalid([{ field: 'billing', text }], 409)
    })
    return c.redirect(url, 303)
  })

  routes.post('/webhooks/stripe', allow('anyone'), async (c) => {
    const body = new Uint8Array(await c.req.arrayBuffer())
    try {
      const { duplicate } = await receiveWebhook(
        app.billing,
        body,
        c.req.header('stripe-signature'),
      )
      return c.json({ received: true, duplicate })
    } catch (error) {
      if (!BillingError.isInstance(error)) throw error
      if (error.code !== 'invalid_signature' && error.code !== 'invalid_payload') throw error
      const text = { ja: '署名が正しくありません', en: 'is not signed by Stripe' }
      throw new Invalid([{ field: 'stripe-signature', text }], 400)
    }
  })

  return routes
}
