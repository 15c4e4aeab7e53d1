import type { PlanPreview } from '@yuzuru/billing'
import { forOffice, staffOf } from '../web/access.ts'
import { type AppContext, pageContext } from '../web/environment.ts'
import { Layout } from '../web/layout.tsx'
import { PLANS, type PlanName } from './plans-sold.ts'
import { seatsText } from './seats-text.ts'
import { yen } from './yen.ts'

/** What another plan would cost. The button buys it for exactly that price. */
export function planPage(
  c: AppContext,
  { to, seats }: { readonly to: PlanName; readonly seats: number },
  preview: PlanPreview,
): Response | Promise<Response> {
  const language = c.get('language')
  const { text, yen: price } = PLANS[to]
  return c.html(
    <Layout context={pageContext(c)} title={{ ja: 'プランの変更', en: 'Another plan' }}>
      <section>
        <dl>
          <dt>{text[language]}</dt>
          <dd>
            {
              {
                ja: `${yen(price * seats, 'ja')}（${seatsText(seats, 'ja')}）`,
                en: `${yen(price * seats, 'en')}, ${seatsText(seats, 'en')}`,
              }[language]
            }
          </dd>
          <dt>{{ ja: 'いまのお支払い', en: 'Due now' }[language]}</dt>
          <dd class="lead" data-due={preview.amountDue}>
            {yen(preview.amountDue, language)}
          </dd>
        </dl>
        <form method="post" action={forOffice('/billing/plan', staffOf(c))}>
          <input type="hidden" name="to" value={to} />
          <input type="hidden" name="at" value={preview.prorationDate.toISOString()} />
          <button>{{ ja: '変更する', en: 'Change' }[language]}</button>
        </form>
        <p>
          <a href="/billing">{{ ja: 'お支払いへ戻る', en: 'Back to billing' }[language]}</a>
        </p>
      </section>
    </Layout>,
  )
}
