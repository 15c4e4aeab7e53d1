import { textOf } from '../../json.ts'
import { escapeHtml, htmlPage, languageOf, type Language } from '../../html-page.ts'
import { StripeFailure } from '../api/error.ts'
import { applyDueChanges } from '../clocks/due.ts'
import type { StripeObject, StripeSubscription } from '../core/objects.ts'
import type { StripeService } from '../core/service.ts'
import { isEnded } from '../subscriptions/states.ts'
import { updateSubscription } from '../subscriptions/update.ts'
import { cancelInPortal, keepInPortal, saveCard } from './actions.ts'

const words = {
  ja: {
    title: 'ご契約の管理',
    none: 'ご契約はありません。',
    cancel: '解約する',
    resume: '解約を取り消す',
    card: 'カード番号',
    save: 'カードを変更する',
    pay: '未払いの請求書を支払う',
    confirm: '変更を確定する',
    back: '戻る',
    missing: 'このページは見つかりません。',
    declined: 'カードが拒否されました。',
  },
  en: {
    title: 'Manage your subscription',
    none: 'There is no subscription.',
    cancel: 'Cancel',
    resume: "Don't cancel",
    card: 'Card number',
    save: 'Change the card',
    pay: 'Pay the open invoice',
    confirm: 'Confirm the change',
    back: 'Back',
    missing: 'There is no such page.',
    declined: 'Your card was declined.',
  },
}

/** `GET /p/session/:secret`: the customer's subscriptions, their cancellation, and the card. */
export function showPortal(service: StripeService, request: Request, secret: string): Response {
  applyDueChanges(service)
  const session = findSession(service, secret)
  const language = languageFor(session, request)
  return session ? render(service, session, language) : notFound(language, 404)
}

function languageFor(session: StripeObject | undefined, request: Request): Language {
  const locale = typeof session?.['locale'] === 'string' ? session['locale'] : null
  return languageOf(locale, request.headers.get('accept-language'))
}

function notFound(language: Language, status: number): Response {
  const { missing, title } = words[language]
  return htmlPage(language, title, `<p role="alert">${missing}</p>`, status)
}

function render(
  service: StripeService,
  session: StripeObject,
  language: Language,
  failure?: StripeFailure,
): Response {
  const text = words[language]
  const rows = subscriptionsOf(service, session).map((subscription) =>
    row(service, session, subscription, language),
  )
  const url = session['return_url']
  const back = typeof url === 'string' ? `<p><a href="${escapeHtml(url)}">${text.back}</a></p>` : ''
  const alert = failure ? `<p role="alert">${text.declined}</p>` : ''
  const card = `<form method="post"><label>${text.card}<input name="card_number" inputmode="numeric" autocomplete="cc-number" required></label>
<button name="action" value="card">${text.save}</button></form>`
  const list = rows.length > 0 ? rows.join('') : `<p>${text.none}</p>`
  return htmlPage(language, text.title, `${alert}${list}${card}${back}`, failure?.status ?? 200)
}

function row(
  service: StripeService,
  session: StripeObject,
  subscription: StripeSubscription,
  language: Language,
): string {
  const text = words[language]
  const names = subscription.items.data.map(
    ({ price }) => service.state.products[price.product]?.name ?? price.id,
  )
  const invoice = service.state.invoices[subscription.latest_invoice ?? '']
  const pay =
    invoice?.status === 'open'
      ? `<p><a href="${escapeHtml(textOf(invoice['hosted_invoice_url']))}">${text.pay}</a></p>`
      : ''
  const flow = session['flow'] as {
    type: string
    subscription_update_confirm: { subscription: string } | null
  } | null
  const isConfirmed = flow?.subscription_update_confirm?.subscription === subscription.id
  const action = isConfirmed ? 'confirm' : subscription.cancel_at === null ? 'cancel' : 'resume'
  return `<form method="post"><p>${escapeHtml(names.join(', '))} (${subscription.status})</p>
<input type="hidden" name="subscription" value="${subscription.id}">
<button name="action" value="${action}">${text[action]}</button></form>${pay}`
}

/** `POST /p/session/:secret`: cancels, takes that back, confirms a change, or saves another card. */
export async function submitPortal(
  service: StripeService,
  request: Request,
  secret: string,
): Promise<Response> {
  const form = new URLSearchParams(await request.text())
  applyDueChanges(service)
  const session = findSession(service, secret)
  const language = languageFor(session, request)
  if (!session) return notFound(language, 404)
  const subscription = subscriptionsOf(service, session).find(
    ({ id }) => id === form.get('subscription'),
  )
  const action = form.get('action')
  try {
    if (action === 'card')
      saveCard(service, textOf(session['customer']), form.get('card_number') ?? '')
    else if (action === 'cancel' && subscription) cancelInPortal(service, subscription)
    else if (action === 'resume' && subscription) keepInPortal(service, subscription)
    else if (action === 'confirm' && subscription) confirm(service, session, subscription)
    else return notFound(language, 400)
  } catch (error) {
    if (!(error instanceof StripeFailure)) throw error
    return render(service, session, language, error)
  }
  const flow = session['flow'] as {
    after_completion: { redirect: { return_url: string } | null }
  } | null
  const location = flow?.after_completion.redirect?.return_url ?? `/p/session/${secret}`
  return new Response(null, { status: 303, headers: { location } })
}

function confirm(
  service: StripeService,
  session: StripeObject,
  subscription: StripeSubscription,
): void {
  const { subscription_update_confirm: change } = session['flow'] as {
    subscription_update_confirm: {
      items: { id: string; price: string | null; quantity?: number }[]
      subscription: string
    } | null
  }
  if (change?.subscription !== subscription.id) return
  updateSubscription(service, subscription, {
    items: change.items.map(({ id, price, quantity }) => {
      const item: { id: string; price?: string; quantity?: number } = { id }
      if (price !== null) item.price = price
      if (quantity !== undefined) item.quantity = quantity
      return item
    }),
    proration_behavior: 'always_invoice',
  })
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
