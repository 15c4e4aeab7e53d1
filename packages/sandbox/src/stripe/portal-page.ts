import { escapeHtml, htmlPage, languageOf } from '../html-page.ts'
import { applyDueChanges } from './due.ts'
import type { StripeService } from './service.ts'
import type { StripeObject, StripeSubscription } from './state.ts'
import { isEnded } from './subscription-end.ts'
import { updateSubscription } from './subscription-update.ts'

const words = {
  ja: {
    title: 'ご契約の管理',
    none: 'ご契約はありません。',
    cancel: '解約する',
    resume: '解約を取り消す',
    back: '戻る',
    missing: 'このページは見つかりません。',
  },
  en: {
    title: 'Manage your subscription',
    none: 'There is no subscription.',
    cancel: 'Cancel',
    resume: "Don't cancel",
    back: 'Back',
    missing: 'There is no such page.',
  },
}

/** `GET /p/session/:secret`: the customer's subscriptions, each with a button to cancel or resume. */
export function showPortal(service: StripeService, request: Request, secret: string): Response {
  applyDueChanges(service)
  const session = findSession(service, secret)
  const locale = typeof session?.['locale'] === 'string' ? session['locale'] : null
  const language = languageOf(locale, request.headers.get('accept-language'))
  const text = words[language]
  if (!session) return htmlPage(language, text.title, `<p role="alert">${text.missing}</p>`, 404)
  const rows = subscriptionsOf(service, session).map((subscription) => {
    const names = subscription.items.data.map(
      ({ price }) => service.state.products[price.product]?.name ?? price.id,
    )
    const action = subscription.cancel_at_period_end ? 'resume' : 'cancel'
    return `<form method="post"><p>${escapeHtml(names.join(', '))} (${subscription.status})</p>
<input type="hidden" name="subscription" value="${subscription.id}">
<button name="action" value="${action}">${text[action]}</button></form>`
  })
  const url = session['return_url']
  const back = typeof url === 'string' ? `<p><a href="${escapeHtml(url)}">${text.back}</a></p>` : ''
  const main = rows.length > 0 ? rows.join('') : `<p>${text.none}</p>`
  return htmlPage(language, text.title, `${main}${back}`)
}

/** `POST /p/session/:secret`: cancels at the period's end, or takes that back. */
export async function submitPortal(
  service: StripeService,
  request: Request,
  secret: string,
): Promise<Response> {
  const form = new URLSearchParams(await request.text())
  const session = findSession(service, secret)
  const subscription = session
    ? subscriptionsOf(service, session).find(({ id }) => id === form.get('subscription'))
    : undefined
  const action = form.get('action')
  if (!subscription || (action !== 'cancel' && action !== 'resume')) {
    const { title, missing } = words.ja
    return htmlPage('ja', title, `<p role="alert">${missing}</p>`, session ? 400 : 404)
  }
  updateSubscription(service, subscription, { cancel_at_period_end: action === 'cancel' })
  return new Response(null, { status: 303, headers: { location: `/p/session/${secret}` } })
}

function findSession(service: StripeService, secret: string): StripeObject | undefined {
  // By the path alone: the port is another one after a restart.
  const path = `/p/session/${secret}`
  return Object.values(service.state.portalSessions).find(
    ({ url }) => typeof url === 'string' && new URL(url).pathname === path,
  )
}

function subscriptionsOf(service: StripeService, session: StripeObject): StripeSubscription[] {
  return Object.values(service.state.subscriptions).filter(
    (subscription) => subscription.customer === session['customer'] && !isEnded(subscription),
  )
}
