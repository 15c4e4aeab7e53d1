import { textOf } from '../../json.ts'
import { escapeHtml, htmlPage, languageOf, type Language } from '../../html-page.ts'
import { StripeFailure } from '../api/error.ts'
import { applyDueChanges } from '../clocks/due.ts'
import type { StripeObject, StripeSubscription } from '../core/objects.ts'
import type { StripeService } from '../core/service.ts'
import { isEnded } from '../subscriptions/states.ts'
import { updateSubscription } from '../subscriptions/update.ts'
import { cancelInPortal, keepInPortal, saveCard, updateInPortal } from './actions.ts'
import { isAllowed, type PortalAction, sessionFeatures, shownFlow } from './allowed.ts'

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
    update: 'プランを変更する',
    done: 'お手続きが完了しました。',
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
    update: 'Change the plan',
    done: 'It is done.',
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
  const shown = isAllowed(service, session, 'card') ? card : ''
  return htmlPage(language, text.title, `${alert}${list}${shown}${back}`, failure?.status ?? 200)
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
  const possible = [
    'confirm',
    subscription.cancel_at === null ? 'cancel' : 'resume',
    'update',
  ] as const
  const buttons = possible
    .filter((action) => isAllowed(service, session, action, subscription.id))
    .map((action) => {
      const price = action === 'update' ? '<input name="price" required>' : ''
      return `${price}<button name="action" value="${action}">${text[action]}</button>`
    })
  return `<form method="post"><p>${escapeHtml(names.join(', '))} (${subscription.status})</p>
<input type="hidden" name="subscription" value="${subscription.id}">
${buttons.join('')}</form>${pay}`
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
  if (!isAllowed(service, session, action, subscription?.id)) return notFound(language, 400)
  try {
    if (action === 'card') {
      saveCard(service, textOf(session['customer']), form.get('card_number') ?? '')
    } else if (subscription) {
      act(service, session, subscription, action, form.get('price'))
    } else return notFound(language, 400)
  } catch (error) {
    if (!(error instanceof StripeFailure)) throw error
    return render(service, session, language, error)
  }
  return completed(session, language, secret)
}

function act(
  service: StripeService,
  session: StripeObject,
  subscription: StripeSubscription,
  action: Exclude<PortalAction, 'card'>,
  price: string | null,
): void {
  const features = sessionFeatures(service, session)
  if (action === 'cancel') cancelInPortal(service, subscription, features)
  if (action === 'resume') keepInPortal(service, subscription)
  if (action === 'update') updateInPortal(service, subscription, price ?? '', features)
  if (action === 'confirm') confirm(service, session, subscription)
}

/** Where a person is once it is done: where the flow says, else on the page again. */
function completed(session: StripeObject, language: Language, secret: string): Response {
  const after = shownFlow(session)?.after_completion
  if (after?.type === 'hosted_confirmation') {
    const { done, title } = words[language]
    const message = after.hosted_confirmation?.custom_message ?? done
    return htmlPage(language, title, `<p role="status">${escapeHtml(message)}</p>`, 200)
  }
  const location = after?.type === 'redirect' ? after.redirect?.return_url : `/p/session/${secret}`
  return new Response(null, { status: 303, headers: { location: location ?? '' } })
}

function confirm(
  service: StripeService,
  session: StripeObject,
  subscription: StripeSubscription,
): void {
  const change = shownFlow(session)?.subscription_update_confirm
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
