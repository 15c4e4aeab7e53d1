import { gather } from '@yuzuru/concurrency'
import { type Day, registeredStaff, type Step } from './day.ts'

export const checkoutStep: Step = {
  title: {
    ja: 'お支払いの登録（失敗しても顧客は二重にならない）',
    en: 'Checkout: no orphan and no second customer, whatever fails',
  },
  async run(day, report) {
    const { office_id: officeId, email } = registeredStaff(day)

    report.onPurpose({ ja: 'Stripe の返事を失わせる', en: "Losing Stripe's answer" })
    day.stripeLine.set({ dropReply: { when: 'POST /v1/customers' } })
    const failed = await day.manager.submit('/billing/checkout', {})
    report.check(
      { ja: '返事が失われたら 5xx と明確な案内', en: 'a lost answer gets 5xx and a clear word' },
      failed.status >= 500 && failed.text.includes('処理されたかもしれない'),
      failed.status,
    )
    report.onPurpose({
      ja: '支払いページの作成を失敗させる',
      en: 'Having the session fail',
    })
    day.stripeLine.set({ status: { code: 500, when: 'POST /v1/checkout/sessions' } })
    const again = await day.manager.submit('/billing/checkout', {})
    report.check(
      { ja: '支払いページの作成に失敗しても 5xx', en: 'a failing session gets 5xx too' },
      again.status >= 500,
      again.status,
    )
    day.stripeLine.clear()

    report.progress({ ja: '二つのタブで同時に試す', en: 'Trying again, in two tabs at once' })
    const press = (): ReturnType<typeof day.manager.submit> =>
      day.manager.submit('/billing/checkout', {})
    const [opened, second] = await gather([press, press])
    report.require(
      { ja: 'Stripe の支払いページへ', en: "on to Stripe's page" },
      opened.url.origin === day.sandbox.stripe.url && opened.url.pathname.startsWith('/c/pay/'),
      opened.url.pathname.slice(0, 12),
    )
    report.check(
      { ja: '二つのタブに同じ支払いページ', en: 'both tabs are on the same page' },
      second.url.href === opened.url.href,
    )
    const customers = day.sandbox.stripe.customers().filter((customer) => customer.email === email)
    const sessions = day.sandbox.stripe
      .checkoutSessions()
      .filter(({ customer }) => customer === customers[0]?.id)
    report.check(
      { ja: 'Stripe の顧客は1人、支払いページは1つ', en: 'one customer and one session at Stripe' },
      customers.length === 1 && sessions.length === 1,
      `${customers.length}, ${sessions.length}`,
    )

    report.progress({ ja: '支払いページで登録する', en: 'Completing the hosted page' })
    const back = await day.manager.submit(opened.url, { card_number: '4242 4242 4242 4242' })
    report.check(
      { ja: 'アプリに戻った', en: 'back at the app' },
      back.url.pathname === '/billing',
      back.url.pathname,
    )
    await day.sandbox.stripe.webhooks.idle()
    const page = await day.manager.get('/billing')
    const subscription = day.sandbox.stripe
      .subscriptions()
      .find(({ customer }) => customer === customers[0]?.id)
    report.check(
      {
        ja: 'Webhook を受け取り、画面に新しい状態が出た',
        en: 'the webhook arrived and the page shows the new status',
      },
      page.text.includes('/billing/portal') && page.text.includes('data-status="early_payment"'),
      subscription?.status ?? '-',
    )
    const over = await day.manager.submit('/billing/checkout', {})
    report.check(
      {
        ja: '契約のあとでもう一度申し込むと 409',
        en: 'a checkout while subscribed gets 409',
      },
      over.status === 409,
      over.status,
    )
    await checkDeliveries(day, officeId, report)
  },
}

async function checkDeliveries(
  day: Day,
  officeId: string,
  report: Parameters<Step['run']>[1],
): Promise<void> {
  const { stripe } = day.sandbox
  const forged = await day.stranger.send('/webhooks/stripe', {
    method: 'POST',
    headers: { 'stripe-signature': 't=1,v1=00', 'content-type': 'application/json' },
    body: '{}',
  })
  report.check(
    { ja: '署名の違う Webhook は 400', en: 'a forged webhook gets 400' },
    forged.status === 400,
    forged.status,
  )
  const before = await billingOf(day, officeId)
  const event = stripe.events().findLast(({ type }) => type === 'customer.subscription.created')
  const taken = event !== undefined && (await stripe.redeliver(event.id))
  const after = await billingOf(day, officeId)
  report.check(
    { ja: '同じ Webhook の再送は何も変えない', en: 'a repeated delivery changes nothing' },
    taken && before === after,
  )
}

async function billingOf({ app }: Day, officeId: string): Promise<string> {
  return JSON.stringify(await app.billing.status(officeId))
}
