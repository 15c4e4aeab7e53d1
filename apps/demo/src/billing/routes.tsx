import { BillingError, type BillingStatus } from '@yuzuru/billing'
import { Hono } from 'hono'
import type { App } from '../app.ts'
import { allow, may, staffOf } from '../web/access.ts'
import { type Environment, pageContext } from '../web/environment.ts'
import { Invalid } from '../web/invalid.ts'
import { formatMoment, type Text } from '../web/language.ts'
import { Layout } from '../web/layout.tsx'
import { billingStatusResponse } from './billing-status-response.ts'
import { beginCheckout } from './billings.ts'

const STATES: Readonly<Record<BillingStatus['status'], Text>> = {
  trialing: { ja: '無料お試し中', en: 'Trial' },
  early_payment: { ja: 'ご契約済み（無料お試し中）', en: 'Subscribed, in the trial' },
  active: { ja: 'ご利用中', en: 'Active' },
  canceling: { ja: '解約のお手続き済み', en: 'Ends soon' },
  past_due: { ja: 'お支払いの確認が必要です', en: 'Payment due' },
  paused: { ja: '一時停止中', en: 'Paused' },
  unpaid: { ja: 'お支払いがありません', en: 'Unpaid' },
  incomplete: { ja: 'お支払いの手続き中', en: 'First payment to be confirmed' },
  unknown: { ja: '確認中', en: 'Being looked into' },
  canceled: { ja: '解約済み', en: 'Cancelled' },
  trial_expired: { ja: '無料お試しは終わりました', en: 'The trial is over' },
  none: { ja: 'ご契約がありません', en: 'Not subscribed' },
}

/** What the office pays, and Stripe's word on it. */
export function billingRoutes(app: App): Hono<Environment> {
  const routes = new Hono<Environment>()

  routes.get('/api/v1/billing/status', allow('billing.read'), async (c) => {
    const billing = await app.billing.status(staffOf(c).office_id)
    return c.json(billingStatusResponse(billing))
  })

  routes.get('/billing', allow('billing.read'), async (c) => {
    const language = c.get('language')
    const billing = await statusShown(app.billing, staffOf(c).office_id, c.req.query('checkout'))
    const isSubscribed = billing.subscription !== undefined && billing.status !== 'canceled'
    return await c.html(
      <Layout context={pageContext(c)} title={{ ja: 'お支払い', en: 'Billing' }}>
        <section>
          <p class="good" data-status={billing.status}>
            {STATES[billing.status][language]}
          </p>
          {billing.trialEndsAt === undefined ? null : (
            <p>
              {{ ja: 'お試し期間の終わり', en: 'The trial ends' }[language]}:{' '}
              {formatMoment(billing.trialEndsAt, language)}
            </p>
          )}
          {!may(staffOf(c), 'billing.manage') ? null : !isSubscribed ? (
            <form method="post" action="/billing/checkout">
              <button>{{ ja: 'お支払い方法を登録する', en: 'Subscribe' }[language]}</button>
            </form>
          ) : (
            <form method="post" action="/billing/portal">
              <button>{{ ja: 'お支払いの管理', en: 'Manage payments' }[language]}</button>
            </form>
          )}
          {may(staffOf(c), 'billing.manage') && isUnpaid(billing) ? (
            <form method="post" action="/billing/retry">
              <button>{{ ja: 'もう一度支払う', en: 'Pay again' }[language]}</button>
            </form>
          ) : null}
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
    const { url } = await portal.catch(refuse)
    return c.redirect(url, 303)
  })

  routes.post('/billing/retry', allow('billing.manage'), async (c) => {
    const retried = app.billing.retryPayment(staffOf(c).office_id)
    const { confirmUrl } = await retried.catch(refuse)
    return c.redirect(confirmUrl ?? '/billing', 303)
  })

  routes.post('/webhooks/stripe', allow('anyone'), (c) => app.billing.webhook(c.req.raw))

  return routes
}

const REFUSALS: Readonly<Record<string, Text>> = {
  not_found: { ja: 'まだお支払い方法が登録されていません', en: 'is not set up yet' },
  card_declined: { ja: 'カードが断られました', en: 'was declined: try another card' },
}

/** Says to the person what only they can mend. */
function refuse(error: unknown): never {
  const text = BillingError.isInstance(error) ? REFUSALS[error.code] : undefined
  if (text === undefined) throw error
  throw new Invalid([{ field: 'billing', text }], 409)
}

/** Whether there is something that could be paid again. */
function isUnpaid({ status }: BillingStatus): boolean {
  return status === 'past_due' || status === 'unpaid'
}

/** Back from Stripe's page it may be shown before the webhook has come: then Stripe is asked. */
async function statusShown(
  billing: App['billing'],
  officeId: string,
  sessionId: string | undefined,
): Promise<BillingStatus> {
  if (sessionId === undefined || !/^cs_\w{1,200}$/.test(sessionId)) {
    return await billing.status(officeId)
  }
  return await billing.sync({ sessionId, reference: officeId }).catch((error: unknown) => {
    if (!BillingError.isInstance(error)) throw error
    return billing.status(officeId)
  })
}
