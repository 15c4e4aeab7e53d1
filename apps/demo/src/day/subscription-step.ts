import { kyselyBillingStore } from '@yuzuru/billing/kysely'
import { gather } from '@yuzuru/concurrency'
import { enqueue } from '@yuzuru/jobs'
import { beginCheckout } from '../billing/billings.ts'
import { expectOpen } from '../billing/expect-open.ts'
import { registerOffice } from '../offices/offices.ts'
import type { Staff } from '../offices/staff.ts'
import { Invalid } from '../web/invalid.ts'
import { type Day, registeredStaff, type Step } from './day.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

type Report = Parameters<Step['run']>[1]

export const subscriptionStep: Step = {
  title: {
    ja: '契約の一生：解約の取り消し、プランの変更、お試しの終わり、払い直し',
    en: 'The life of a subscription: a cancellation taken back, another plan, a trial that ends, a card that is declined',
  },
  async run(day, report) {
    await takeBack(day, report)
    await anotherPlan(day, report)
    await endTrial(day, report)
    await payAgain(day, report)
  },
}

/** A cancellation in Stripe's portal that is taken back there. */
async function takeBack(day: Day, report: Report): Promise<void> {
  const { office_id: officeId } = registeredStaff(day)
  const { stripe } = day.sandbox
  report.progress({ ja: 'ポータルで解約し、取り消す', en: 'Cancelling in the portal, and back' })
  const { subscription } = await day.app.billing.status(officeId)
  const portal = await day.manager.submit('/billing/portal', {})
  const press = async (action: string): Promise<string> => {
    await day.manager.submit(portal.url, { action, subscription: subscription?.id ?? '' })
    await stripe.webhooks.idle()
    const { text } = await day.manager.get('/billing')
    return /data-status="(\w+)"/.exec(text)?.[1] ?? '-'
  }
  const canceling = await press('cancel')
  report.check(
    { ja: '解約の予定が画面に出る', en: 'the page shows that it is to end' },
    canceling === 'canceling',
    canceling,
  )
  const resumed = await press('resume')
  report.check(
    { ja: '取り消すと元に戻る', en: 'taken back, it is what it was' },
    resumed === 'early_payment',
    resumed,
  )
}

/** From the month to the year, for what was previewed, and the invoices. */
async function anotherPlan(day: Day, report: Report): Promise<void> {
  report.progress({ ja: '年額に変更する', en: 'Changing to the yearly plan' })
  const shown = await day.manager.get('/billing/plan?to=year')
  const [, at = ''] = /name="at" value="([^"]+)"/.exec(shown.text) ?? []
  const [, due = '-'] = /data-due="(\d+)"/.exec(shown.text) ?? []
  report.check(
    {
      ja: '変更の前に、いまのお支払いが出る（お試し中は0円）',
      en: 'what is due now is shown before: nothing, in the trial',
    },
    shown.status === 200 && due === '0',
    due,
  )
  const press = (): ReturnType<typeof day.manager.submit> =>
    day.manager.submit('/billing/plan', { to: 'year', at })
  const [changed] = await gather([press, press])
  report.check(
    { ja: '二度押しても、年額のプランが1つ', en: 'pressed twice, it is one yearly plan' },
    changed.status === 200 && changed.text.includes('/billing/plan?to=month'),
    changed.status,
  )
  const invoices = await day.manager.get('/billing/invoices')
  report.check(
    { ja: '請求書の一覧が Stripe の画面へ導く', en: "the invoices lead to Stripe's own pages" },
    invoices.status === 200 && invoices.text.includes(`href="${day.sandbox.stripe.url}`),
    invoices.status,
  )
}

/** An office that was moved over from another system, with what is left of its trial there. */
export async function moveOver(day: Day, name: string, daysLeft: number): Promise<Staff> {
  const email = `${name}.${day.runId}@example.jp`
  const registration = { officeName: 'うめの郷', staffName: '梅田 花', email }
  const staff = await registerOffice(day.app, registration, 'ja')
  const now = Date.now()
  const trial = { now: now - 170 * DAY_MS, trialEndsAt: now + daysLeft * DAY_MS }
  await kyselyBillingStore(day.app.db).openAccount(staff.office_id, trial)
  return staff
}

/** How many mails of this subject a person has got. */
export function mailsTo({ sandbox }: Day, { email }: Staff, subject: string): number {
  const { messages } = sandbox.smtp.inbox
  return messages.filter(({ envelope, ...mail }) => {
    return envelope.to.includes(email) && mail.subject === subject
  }).length
}

async function endTrial(day: Day, report: Report): Promise<void> {
  const { billing } = day.app
  report.progress({ ja: 'お試しが終わる事業所', en: 'Offices whose trial ends' })
  const ending = await moveOver(day, 'ending', 2)
  const { reconcileBilling } = day.app.jobs
  for (const _ of [1, 2]) await enqueue(day.app.db, reconcileBilling, {})
  const { inbox } = day.sandbox.smtp
  const subject = '【ケイカくん】無料お試しがまもなく終わります'
  await inbox.waitFor({ to: ending.email, subject })
  const open = await billing.status(ending.office_id)
  report.check(
    { ja: '終わる前に一度だけ知らせる', en: 'one notice comes, before it ends' },
    open.status === 'trialing' && mailsTo(day, ending, subject) === 1,
    open.status,
  )
  const ended = await moveOver(day, 'ended', -1)
  const { status, canUse } = await billing.status(ended.office_id)
  report.check(
    { ja: '終わると使えなくなる', en: 'over, it is closed' },
    status === 'trial_expired' && !canUse(),
    status,
  )
  report.check(
    { ja: '会議の予約もできなくなる（402）', en: 'and no meeting can be scheduled (402)' },
    (await refusalOf(day, ended)) === 402 && (await refusalOf(day, ending)) === undefined,
  )
}

/** With which status a meeting of the office is refused. */
async function refusalOf(
  { app }: Day,
  { office_id: officeId }: Staff,
): Promise<number | undefined> {
  try {
    await expectOpen(app, officeId, 'meetings')
    return undefined
  } catch (error) {
    if (!(error instanceof Invalid)) throw error
    return error.status
  }
}

/** An office without a trial: it pays at once, a month later its card is declined, and is paid again. */
async function payAgain(day: Day, report: Report): Promise<void> {
  const { billing } = day.app
  const { stripe, smtp } = day.sandbox
  report.onPurpose({ ja: 'カードが断られ、払い直す', en: 'A card is declined, and paid again' })
  const staff = await moveOver(day, 'paying', -1)
  const url = await beginCheckout(day.app, staff, { language: 'ja' })
  const page = stripe.checkoutSessions().find((session) => session.url === url)
  await stripe.completeCheckout(page?.id ?? '')
  await stripe.webhooks.idle()
  const paid = await billing.status(staff.office_id)
  report.require(
    { ja: 'お試しがなければすぐに支払い', en: 'without a trial it is paid for at once' },
    paid.status === 'active' && paid.canUse(),
    paid.status,
  )
  await stripe.failPayment(paid.subscription?.id ?? '')
  await stripe.webhooks.idle()
  const failed = await billing.status(staff.office_id)
  const subject = '【ケイカくん】お支払いを確認できませんでした'
  await smtp.inbox.waitFor({ to: staff.email, subject })
  report.check(
    { ja: '断られると閉じ、メールで知らせる', en: 'declined, it is closed, and a mail says so' },
    failed.status === 'past_due' && !failed.canUse(),
    failed.status,
  )
  const { confirmUrl } = await billing.retryPayment(staff.office_id)
  await stripe.webhooks.idle()
  const again = await billing.status(staff.office_id)
  report.check(
    { ja: '払い直すとまた使える', en: 'paid again, it is open again' },
    confirmUrl === undefined && again.status === 'active' && again.canUse(),
    again.status,
  )
  report.check(
    { ja: '知らせは一度だけ', en: 'and one notice came' },
    mailsTo(day, staff, subject) === 1,
  )
}
