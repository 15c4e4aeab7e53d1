import type { BillingStatus } from '@yuzuru/billing'
import { forOffice, may, staffOf } from '../web/access.ts'
import { type AppContext, pageContext } from '../web/environment.ts'
import { formatMoment, type Text } from '../web/language.ts'
import { Layout } from '../web/layout.tsx'
import { Live } from '../web/live.tsx'
import type { Confirmation } from './confirmation.ts'
import { PLAN_NAMES, type PlanName, PLANS } from './plans-sold.ts'
import { seatsText } from './seats-text.ts'
import { yen } from './yen.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

/** How soon a page that waits for Stripe reloads, in seconds. */
const LOOK_AGAIN = 3

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

const STEPS: Readonly<Record<NonNullable<BillingStatus['next']>['what'], Text>> = {
  trial_ends: { ja: 'お試し期間の終わり', en: 'The trial ends' },
  first_payment: { ja: '最初のお支払い', en: 'First payment' },
  renewal: { ja: '次のお支払い', en: 'Next payment' },
  grace_ends: { ja: 'ご利用の停止', en: 'Access ends' },
  end: { ja: 'ご契約の終わり', en: 'The subscription ends' },
}

/** Whether the page waits for Stripe's confirmation, and the address at which the wait begins again. */
export interface Waiting {
  readonly confirmation: Confirmation
  readonly again: string
}

/** The office's subscription: what it pays, when next, and how many days of the trial are left. */
export function billingPage(
  c: AppContext,
  billing: BillingStatus,
  seats: number,
  { confirmation, again }: Waiting,
): Response | Promise<Response> {
  const language = c.get('language')
  const { status, next, trialEndsAt } = billing
  const isSubscribed = billing.subscription !== undefined && status !== 'canceled'
  const waits = confirmation === 'waits'
  const daysLeft = Math.ceil(((trialEndsAt?.getTime() ?? 0) - Date.now()) / DAY_MS)
  const isYearly = subscriptionInterval(billing) === 'year'
  const { yen: price, text } = PLANS[isYearly ? 'year' : 'month']
  return c.html(
    <Layout
      context={pageContext(c)}
      title={{ ja: 'お支払い', en: 'Billing' }}
      refreshSeconds={waits ? LOOK_AGAIN : undefined}
    >
      <section>
        <p class="lead">
          <strong class={billing.canUse() ? 'good' : 'bad'} data-status={status}>
            {STATES[status][language]}
          </strong>
        </p>
        {waits ? (
          <Live seconds={LOOK_AGAIN}>
            <p>
              {
                {
                  ja: 'Stripe の確認を待っています。この画面はひとりでに新しくなります。',
                  en: 'Being confirmed by Stripe. This page refreshes itself.',
                }[language]
              }
            </p>
          </Live>
        ) : null}
        {confirmation === 'late' ? (
          <p role="status">
            {
              {
                ja: 'Stripe からの確認がまだ届きません。もう一度お手続きをする前に、少し待ってから確認してください。二重のお支払いにはなりません。',
                en: 'Stripe has not confirmed it yet. Look again in a while before you subscribe once more: you are not charged twice. ',
              }[language]
            }
            <a href={again}>{{ ja: 'もう一度確認する', en: 'Look again' }[language]}</a>
          </p>
        ) : null}
        <dl class="facts">
          {daysLeft > 0 ? (
            <div>
              <dt>{{ ja: '無料お試しの残り', en: 'Days left of the trial' }[language]}</dt>
              <dd class="lead">{{ ja: `${daysLeft}日`, en: `${daysLeft}` }[language]}</dd>
            </div>
          ) : null}
          <div>
            <dt>{{ ja: '料金', en: 'Price' }[language]}</dt>
            <dd class="lead">
              {
                {
                  ja: `${text.ja} ${yen(price * seats, 'ja')}（税込、${seatsText(seats, 'ja')}）`,
                  en: `${yen(price * seats, 'en')} ${text.en}, ${seatsText(seats, 'en')}`,
                }[language]
              }
            </dd>
          </div>
          {next === undefined ? null : (
            <div>
              <dt>{STEPS[next.what][language]}</dt>
              <dd class="lead">{formatMoment(next.at, language)}</dd>
            </div>
          )}
        </dl>
        {may(staffOf(c), 'billing.manage') ? (
          <div class="row">
            {isUnpaid(billing) ? (
              <form method="post" action={forOffice('/billing/retry', staffOf(c))}>
                <button>{{ ja: 'もう一度支払う', en: 'Pay again' }[language]}</button>
              </form>
            ) : null}
            {status === 'canceling' ? (
              <form method="post" action={forOffice('/billing/resume', staffOf(c))}>
                <button>{{ ja: '解約を取り消す', en: 'Keep the subscription' }[language]}</button>
              </form>
            ) : null}
            {isSubscribed ? (
              <form method="post" action={forOffice('/billing/portal', staffOf(c))}>
                <button class="second">
                  {{ ja: 'お支払いの管理', en: 'Manage payments' }[language]}
                </button>
              </form>
            ) : (
              <form method="post" action={forOffice('/billing/checkout', staffOf(c))}>
                <button>{{ ja: 'お支払い方法を登録する', en: 'Subscribe' }[language]}</button>
              </form>
            )}
            {isSubscribed && canChange(billing) ? (
              <form method="post" action={forOffice('/billing/cancel', staffOf(c))}>
                <button class="second">
                  {
                    { ja: '期間の終了時に解約する', en: 'Cancel at the end of the period' }[
                      language
                    ]
                  }
                </button>
              </form>
            ) : null}
          </div>
        ) : (
          <p class="soft">
            {
              {
                ja: 'お支払いの手続きは管理者ができます。',
                en: 'A manager of the office can subscribe and pay.',
              }[language]
            }
          </p>
        )}
        <p>
          {may(staffOf(c), 'billing.manage') && isSubscribed && canChange(billing) ? (
            <>
              <a href={`/billing/plan?to=${isYearly ? 'month' : 'year'}`}>
                {
                  {
                    ja: isYearly ? '月額に変更する' : '年額に変更する',
                    en: isYearly ? 'Pay by the month' : 'Pay by the year',
                  }[language]
                }
              </a>{' '}
            </>
          ) : null}
          <a href="/billing/invoices">{{ ja: '請求書', en: 'Invoices' }[language]}</a>
        </p>
      </section>
    </Layout>,
  )
}

/** Whether there is an unpaid invoice that could be paid. */
function isUnpaid({ status }: BillingStatus): boolean {
  return status === 'past_due' || status === 'unpaid'
}

/** Whether its plan may be changed: it is paid for or in a trial, and is not ending. */
function canChange({ status }: BillingStatus): boolean {
  return status === 'active' || status === 'early_payment' || status === 'trialing'
}

/** The plan of the subscription, by the names of its prices in Stripe. */
function subscriptionInterval({ subscription }: BillingStatus): PlanName | undefined {
  const keys = subscription?.items.map(({ lookupKey }) => lookupKey)
  return PLAN_NAMES.find((name) => keys?.includes(`keikaku_${name}`))
}
