import { escapeHtml, htmlPage, languageOf, type Language } from '../../html-page.ts'
import { StripeFailure } from '../api/error.ts'
import { applyDueChanges } from '../clocks/due.ts'
import { money } from '../core/money.ts'
import type { StripeInvoice } from '../core/objects.ts'
import type { StripeService } from '../core/service.ts'
import { attach, createPaymentMethod } from '../payments/payment-method.ts'
import { cardOf, isCardNumber } from '../payments/test-cards.ts'
import { payInvoice } from '../subscriptions/settle.ts'

const words = {
  ja: {
    title: '請求書',
    card: 'カード番号',
    pay: '支払う',
    paid: 'お支払い済みです。',
    declined: 'カードが拒否されました。',
    missing: '請求書が見つかりません。',
    void: 'この請求書は無効です。',
  },
  en: {
    title: 'Invoice',
    card: 'Card number',
    pay: 'Pay',
    paid: 'This invoice is paid.',
    declined: 'Your card was declined.',
    missing: 'There is no such invoice.',
    void: 'This invoice is void.',
  },
}

/** `GET /i/:id`: the page where a person pays an open invoice. */
export function showInvoice(service: StripeService, request: Request, id: string): Response {
  applyDueChanges(service)
  return render(
    service.state.invoices[id],
    languageOf(null, request.headers.get('accept-language')),
  )
}

/** `POST /i/:id`: pays it with the card that was typed; the owner has confirmed it. */
export async function submitInvoice(
  service: StripeService,
  request: Request,
  id: string,
): Promise<Response> {
  const form = new URLSearchParams(await request.text())
  applyDueChanges(service)
  const language = languageOf(null, request.headers.get('accept-language'))
  const invoice = service.state.invoices[id]
  if (!invoice || invoice.status !== 'open') return render(invoice, language)
  const number = (form.get('card_number') ?? '').replaceAll(/[\s-]/g, '')
  try {
    if (!isCardNumber(number) || cardOf(number).onAttach) throw new StripeFailure(402, 'declined')
    const method = attach(
      service,
      createPaymentMethod(service, number, { customer: invoice.customer }),
      invoice.customer,
    )
    const isAuthenticated = form.get('authentication') !== 'fail'
    if (payInvoice(service, invoice, { isAuthenticated, isOffSession: false, method }) === 'paid') {
      return render(invoice, language)
    }
  } catch (error) {
    if (!(error instanceof StripeFailure)) throw error
  }
  return render(invoice, language, true)
}

function render(
  invoice: StripeInvoice | undefined,
  language: Language,
  isDeclined = false,
): Response {
  const text = words[language]
  if (!invoice) return htmlPage(language, text.title, `<p role="alert">${text.missing}</p>`, 404)
  if (invoice.status === 'paid') return htmlPage(language, text.title, `<p>${text.paid}</p>`)
  if (invoice.status !== 'open') return htmlPage(language, text.title, `<p>${text.void}</p>`, 410)
  const amount = escapeHtml(money(invoice.amount_remaining, invoice.currency, language))
  const alert = isDeclined ? `<p role="alert">${text.declined}</p>` : ''
  const main = `${alert}<p>${amount}</p><form method="post"><label>${text.card}<input name="card_number" inputmode="numeric" autocomplete="cc-number" required></label>
<button type="submit">${text.pay}</button></form>`
  return htmlPage(language, text.title, main, isDeclined ? 402 : 200)
}
