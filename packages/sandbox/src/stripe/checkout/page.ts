import { escapeHtml, htmlPage, languageOf, type Language } from '../../html-page.ts'
import { completeSession, needsCard } from './complete.ts'
import { lineItems } from './lines.ts'
import { applyDueChanges } from '../clocks/due.ts'
import { cardOf } from '../payments/test-cards.ts'
import { StripeFailure } from '../api/error.ts'
import { money } from '../core/money.ts'
import { find, type StripeService } from '../core/service.ts'
import type { StripeCheckoutSession } from '../core/objects.ts'

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
    code: 'プロモーションコード',
    confirm: 'カード会社による本人認証',
    succeed: '認証する',
    fail: '認証しない',
    payment_intent_authentication_failure: '本人認証ができませんでした。',
    promotion_code_invalid: 'このプロモーションコードは使えません。',
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
    code: 'Promotion code',
    confirm: 'Your bank asks you to confirm this payment',
    succeed: 'Confirm',
    fail: "Don't confirm",
    payment_intent_authentication_failure: 'We are unable to authenticate your payment method.',
    promotion_code_invalid: 'This promotion code is invalid.',
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
  const cardNumber = form.get('card_number') ?? undefined
  const answer = form.get('authentication')
  const asks = cardOf((cardNumber ?? '').replaceAll(/[\s-]/g, '')).authentication !== undefined
  if (asks && answer === null && session.status === 'open') return askOwner(form, language)
  try {
    completeSession(service, id, {
      authenticated: answer !== 'fail',
      cardNumber,
      email: form.get('email') ?? undefined,
      promotionCode: form.get('promotion_code') ?? undefined,
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

/** The bank's own page, which sends the same form on with the owner's answer. */
function askOwner(form: URLSearchParams, language: Language): Response {
  const text = words[language]
  const kept = [...form].map(
    ([name, value]) =>
      `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  )
  const main = `<form method="post">${kept.join('')}
<button name="authentication" value="succeed">${text.succeed}</button>
<button name="authentication" value="fail">${text.fail}</button></form>`
  return htmlPage(language, text.confirm, main)
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
  const rows = lineItems(service.state, session.id).map((line) => {
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
  const card = needsCard(service, session)
    ? `<label>${text.card}<input name="card_number" inputmode="numeric" autocomplete="cc-number" value="4242 4242 4242 4242" required></label>`
    : ''
  const code =
    session['allow_promotion_codes'] === true
      ? `<label>${text.code}<input name="promotion_code" autocomplete="off"></label>`
      : ''
  const main = `${alert}<table>${rows.join('')}</table>${trialLine(service, session, language)}
<form method="post">${email}
${card}${code}<button type="submit">${text.pay[session.mode]}</button></form>${cancel}`
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
  if (
    code === 'card_declined' ||
    code === 'invalid_number' ||
    code === 'email_invalid' ||
    code === 'payment_intent_authentication_failure' ||
    code === 'promotion_code_invalid'
  ) {
    return words[language][code]
  }
  return failure.message
}
