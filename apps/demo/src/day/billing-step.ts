import { gather } from '@yuzuru/concurrency'
import type { BillingStatusResponse } from '../billing/billing-status-response.ts'
import type { Step } from './day.ts'

const TRIAL_DAYS = 180
const DAY_MS = 24 * 60 * 60 * 1_000

export const billingStep: Step = {
  title: { ja: '初めて見たときに180日の無料お試し', en: 'A 180-day trial on first sight' },
  async run(day, report) {
    const stranger = await day.stranger.get('/api/v1/billing/status')
    report.check(
      { ja: 'ログインしていなければ 401', en: 'without a session it is 401' },
      stranger.status === 401,
      stranger.status,
    )

    report.progress({ ja: '同時に100回たずねる', en: 'Asking a hundred times at once' })
    const asked = await gather(
      Array.from({ length: 100 }, () => () => day.manager.get('/api/v1/billing/status')),
    )
    const answers = new Set(asked.map(({ status, text }) => `${status} ${text}`))
    report.require(
      { ja: '100の答えがすべて同じ', en: 'all hundred answers agree' },
      answers.size === 1 && asked[0]?.status === 200,
      `${answers.size}`,
    )
    const billing = asked[0]?.json as BillingStatusResponse
    const days = (Date.parse(billing.trial_end_date ?? '') - Date.now()) / DAY_MS
    report.check(
      { ja: '180日のお試し', en: 'a trial of 180 days' },
      billing.billing_status === 'trialing' && Math.abs(days - TRIAL_DAYS) < 0.1,
      `${billing.billing_status}, ${days.toFixed(1)}`,
    )
  },
}
