import type { BillingInvoice } from '@yuzuru/billing'
import { type AppContext, pageContext } from '../web/environment.ts'
import { formatDay, type Text } from '../web/language.ts'
import { Layout } from '../web/layout.tsx'
import { yen } from './yen.ts'

const STATES: Readonly<Record<string, Text>> = {
  draft: { ja: '準備中', en: 'Draft' },
  open: { ja: '未払い', en: 'Open' },
  paid: { ja: 'お支払い済み', en: 'Paid' },
  uncollectible: { ja: '回収不能', en: 'Uncollectible' },
  void: { ja: '取消', en: 'Void' },
}

/** The newest invoices, each with Stripe's own page of it. */
export function invoicesPage(
  c: AppContext,
  invoices: readonly BillingInvoice[],
): Response | Promise<Response> {
  const language = c.get('language')
  return c.html(
    <Layout context={pageContext(c)} title={{ ja: '請求書', en: 'Invoices' }}>
      <section>
        {invoices.length === 0 ? (
          <p>
            {
              {
                ja: '請求書はまだありません。ご契約のあと、ここに並びます。お支払い方法の登録は、お支払いの画面からできます。',
                en: 'No invoice yet. They are listed here once the office has subscribed, which is done on the page of billing.',
              }[language]
            }
          </p>
        ) : (
          <ul class="list">
            {invoices.map(({ id, number, status, total, createdAt, url }) => (
              <li data-invoice={status}>
                {url === undefined ? (number ?? id) : <a href={url}>{number ?? id}</a>}{' '}
                {formatDay(createdAt, language)} {yen(total, language)}{' '}
                {STATES[status ?? '']?.[language] ?? ''}
              </li>
            ))}
          </ul>
        )}
        <p>
          <a href="/billing">{{ ja: 'お支払いへ戻る', en: 'Back to billing' }[language]}</a>
        </p>
      </section>
    </Layout>,
  )
}
