import { escapeHtml, htmlPage, languageOf, type Language } from '../html-page.ts'
import { completeSession } from './checkout-complete.ts'
import { lineItems } from './checkout-lines.ts'
import { applyDueChanges } from './due.ts'
import { StripeFailure } from './error.ts'
import { money } from './money.ts'
import { find, type StripeService } from './service.ts'
import type { StripeCheckoutSession } from './state.ts'

const words = {
  ja: {
    title: 'お支払い',
    trial: (days: number) => `無料トライアル ${days} 日間`,
    email: 'メールアドレス',
    card: 'カード番号',
    pay: { payment: '支払う', setup: '保存する', subscription: '申し込む' },
    cancel: '戻る',
    complete: 'この手続きは完了しています。',
    expired: 'このお支払いページの有効期限が切れました。',
    missing: 'お支払いページが見つかりません。',
    card_declined: 'カードが拒否されました。',
    invalid_number: 'カード番号が正しくありません。',
    email_invalid: 'メールアドレスを入力してください。',
  },
  en: {
    title: 'Payment',
    trial: (days: number) => `${days} days free`,
    email: 'Email',
    card: 'Card number',
    pay: { payment: 'Pay', setup: 'Save', subscription: 'Subscribe' },
    cancel: 'Back',
    complete: 'This payment is complete.',
    expired: 'This payment page has expired.',
    missing: 'There is no such payment page.',
    card_declined: 'Your card was declined.',
    invalid_number: 'Your card number is invalid.',
    email_invalid: 'Please enter your email address.',
  },
}

/** `GET /c/pay/:id`: the hosted page, to be filled in by a person. */
export function showCheckout(service: StripeService, request: Request, id: string): Response {
  applyDueChanges(service)
  const language = languageFor(service, request, id)
  const session = service.state.sessions[id]
  return session ? render(service, session, language) : notFound(language)
}

/** `POST /c/pay/:id`: completes the session and sends the person on to the success URL. */
export async function submitCheckout(
  service: StripeService,
  request: Request,
  id: string,
): Promise<Response> {
  const form = new URLSearchParams(await request.text())
  applyDueChanges(service)
  const language = languageFor(service, request, id)
  const session = service.state.sessions[id]
  if (!session) return notFound(language)
  if (session.status === 'expired') return render(service, session, language)
  try {
    completeSession(service, id, {
      email: form.get('email') ?? undefined,
      cardNumber: form.get('card_number') ?? undefined,
    })
  } catch (error) {
    if (!(error instanceof StripeFailure)) throw error
    return render(service, session, language, error)
  }
  const location = session.success_url.replaceAll('{CHECKOUT_SESSION_ID}', id)
  return new Response(null, { status: 303, headers: { location } })
}

function languageFor(service: StripeService, request: Request, id: string): Language {
  const locale = service.state.sessions[id]?.locale ?? null
  return languageOf(locale, request.headers.get('accept-language'))
}

function notFound(language: Language): Response {
  const { title, missing } = words[language]
  return htmlPage(language, title, `<p role="alert">${missing}</p>`, 404)
}

function render(
  service: StripeService,
  session: StripeCheckoutSession,
  language: Language,
  failure?: StripeFailure,
): Response {
  const text = words[language]
  if (session.status === 'complete')
    return htmlPage(language, text.title, `<p>${text.complete}</p>`)
  if (session.status === 'expired') {
    return htmlPage(language, text.title, `<p role="alert">${text.expired}</p>`, 410)
  }
  const rows = lineItems(service, session.id).map((line) => {
    const amount = money(line.amount_total, line.currency, language)
    return `<tr><td>${escapeHtml(line.description)} × ${line.quantity}</td><td>${escapeHtml(amount)}</td></tr>`
  })
  const email =
    session.customer === null && session.customer_email === null
      ? `<label>${text.email}<input name="email" type="email" autocomplete="email" required></label>`
      : ''
  const alert = failure ? `<p role="alert">${escapeHtml(reason(failure, language))}</p>` : ''
  const cancel =
    session.cancel_url === null
      ? ''
      : `<p><a href="${escapeHtml(session.cancel_url)}">${text.cancel}</a></p>`
  const main = `${alert}<table>${rows.join('')}</table>${trialLine(service, session, language)}
<form method="post">${email}
<label>${text.card}<input name="card_number" inputmode="numeric" autocomplete="cc-number" value="4242 4242 4242 4242" required></label>
<button type="submit">${text.pay[session.mode]}</button></form>${cancel}`
  return htmlPage(language, text.title, main, failure?.status ?? 200)
}

function trialLine(
  service: StripeService,
  session: StripeCheckoutSession,
  language: Language,
): string {
  const { subscriptionData } = find(service.state.plans, 'checkout.session', session.id)
  const { trial_end: end, trial_period_days: days } = subscriptionData
  const length =
    typeof days === 'number'
      ? days
      : typeof end === 'number'
        ? Math.ceil((end - service.now()) / 86_400)
        : 0
  return length > 0 ? `<p>${words[language].trial(length)}</p>` : ''
}

function reason(failure: StripeFailure, language: Language): string {
  const { code } = failure.details
  if (code === 'card_declined' || code === 'invalid_number' || code === 'email_invalid') {
    return words[language][code]
  }
  return failure.message
}
