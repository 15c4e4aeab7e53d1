import { sleep, withTimeout } from '@yuzuru/concurrency'
import { enqueue } from '@yuzuru/jobs'
import { adoptContract } from '../billing/adopt-contract.ts'
import { approvalsCounted } from '../billing/approval-meter.ts'
import { planPrices } from '../billing/plans-sold.ts'
import { dismissStaff } from '../offices/dismiss-staff.ts'
import { addStaff } from '../offices/staff.ts'
import { approvePlan } from '../plans/approve-plan.ts'
import { createPlan } from '../plans/plans.ts'
import { type Day, registeredStaff, type Step } from './day.ts'
import { mailsTo, moveOver } from './subscription-step.ts'

const PATIENCE_MS = 20_000

type Report = Parameters<Step['run']>[1]

export const contractStep: Step = {
  title: {
    ja: '契約中の手続き：職員の増減、解約、請求書払い、二重契約',
    en: 'A contract goes on: staff comes and goes, a cancellation, payment by invoice, a second contract',
  },
  async run(day, report) {
    await countApprovals(day, report)
    await staffComesAndGoes(day, report)
    await cancelAndKeep(day, report)
    await payByInvoice(day, report)
  },
}

/** Waits until it is so: until the worker has done it. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  await withTimeout(PATIENCE_MS, async () => {
    while (!(await isSo())) await sleep(20)
  })
}

/** An approved plan is counted at Stripe once, though it is reported three times. */
async function countApprovals(day: Day, report: Report): Promise<void> {
  const { app } = day
  const manager = registeredStaff(day)
  const { office_id: officeId } = manager
  report.progress({ ja: '承認した計画を数える', en: 'Counting a plan that was approved' })
  const reports = (): number => day.sandbox.stripe.requestCount('POST', '/v1/billing/meter_events')
  const before = reports()
  const plan = await createPlan(app.db, officeId, { title: '令和７年度 個別支援計画' })
  const { approved_at: at } = await approvePlan(app, manager, plan)
  const counted = { officeId, planId: plan.id, approvedAt: (at ?? new Date()).toISOString() }
  for (const _ of [1, 2]) await enqueue(app.db, app.jobs.countApproval, counted)
  await until(() => reports() === before + 3)
  const count = await approvalsCounted(app.billing, officeId)
  report.check(
    { ja: '三度報告しても、数えられるのは1件', en: 'reported three times, it is counted once' },
    count === 1,
    count,
  )
}

/** For ten members of staff each a unit is paid. */
async function staffComesAndGoes(day: Day, report: Report): Promise<void> {
  const { office_id: officeId } = registeredStaff(day)
  const { stripe } = day.sandbox
  report.progress({ ja: '職員が増え、また減る', en: 'Staff comes, and some of it goes' })
  const { subscription } = await day.app.billing.status(officeId)
  const seats = (): number | undefined =>
    stripe.subscriptions().find(({ id }) => id === subscription?.id)?.items.data[0]?.quantity
  /** The app writes down what Stripe says a moment after Stripe has it. */
  const paid = async (count: number): Promise<boolean> => {
    const { subscription: known } = await day.app.billing.status(officeId)
    return seats() === count && known?.items[0]?.quantity === count
  }
  const people = Array.from({ length: 12 }, (_, index) => ({
    name: `新任 ${index + 1}`,
    email: `new${index + 1}.${day.runId}@example.jp`,
  }))
  const staff = await addStaff(day.app, officeId, people)
  await until(() => paid(2))
  const page = await day.manager.get('/billing')
  report.check(
    { ja: '13名に増えると、20名までの料金になる', en: 'for thirteen, twice ten are paid' },
    page.text.includes('職員20名まで'),
    seats(),
  )
  for (const { id } of staff.slice(0, 4)) await dismissStaff(day.app, officeId, id)
  await until(() => paid(1))
  report.check(
    { ja: '9名に減ると、10名までの料金に戻る', en: 'for nine, it is ten again' },
    true,
    seats(),
  )
}

/** The same as in Stripe's portal, by the app's own buttons. */
async function cancelAndKeep(day: Day, report: Report): Promise<void> {
  report.progress({ ja: '画面から解約し、取り消す', en: 'Cancelling on the page, and back' })
  const press = async (action: 'cancel' | 'resume'): Promise<string> => {
    const { text } = await day.manager.submit(`/billing/${action}`, {})
    return /data-status="(\w+)"/.exec(text)?.[1] ?? '-'
  }
  const canceling = await press('cancel')
  report.check(
    {
      ja: '解約しても、期間の終了までは使える',
      en: 'cancelled, it goes on until the period ends',
    },
    canceling === 'canceling' &&
      (await day.app.billing.status(registeredStaff(day).office_id)).canUse(),
    canceling,
  )
  const resumed = await press('resume')
  report.check(
    { ja: '取り消すと元に戻る', en: 'taken back, it is what it was' },
    resumed === 'early_payment',
    resumed,
  )
}

/** An office that pays by invoice: its contract is made in Stripe's dashboard, and once more by mistake. */
async function payByInvoice(day: Day, report: Report): Promise<void> {
  const { billing } = day.app
  const { stripe, smtp } = day.sandbox
  const staff = await moveOver(day, 'invoiced', -1)
  report.progress({
    ja: 'ダッシュボードで作った契約を引き継ぐ',
    en: 'Taking over a contract of the dashboard',
  })
  const customer = await billing.client.customers.create({ email: staff.email, name: 'うめの郷' })
  const { month: price } = await planPrices(billing)
  const contract = async (): Promise<string> => {
    const { id } = await billing.client.subscriptions.create({
      customer: customer.id,
      items: [{ price }],
      collection_method: 'send_invoice',
      days_until_due: 30,
    })
    await stripe.webhooks.idle()
    return id
  }
  const first = await contract()
  const before = await billing.status(staff.office_id)
  const adopted = await adoptContract(day.app, staff.office_id, customer.id)
  report.check(
    { ja: '引き継ぐと使えるようになる', en: 'taken over, it is open' },
    !before.canUse() && adopted.canUse() && adopted.subscription?.id === first,
    `${before.status} → ${adopted.status}`,
  )

  report.onPurpose({ ja: '同じ事業所の契約をもう一つ作る', en: 'Making a second contract of it' })
  // Stripe says in whole seconds which of them came first.
  await sleep(1_000)
  const second = await contract()
  const subject = '【ケイカくん】重複していたご契約を終了しました'
  await smtp.inbox.waitFor({ to: staff.email, subject })
  const statusOf = (id: string): string | undefined =>
    stripe.subscriptions().find((each) => each.id === id)?.status
  const { subscription, canUse } = await billing.status(staff.office_id)
  report.check(
    { ja: '二つ目は終了し、はじめの契約が続く', en: 'the second ends, and the first goes on' },
    statusOf(first) === 'active' &&
      statusOf(second) === 'canceled' &&
      subscription?.id === first &&
      canUse(),
    `${statusOf(first)}, ${statusOf(second)}`,
  )
  report.check(
    { ja: 'メールの知らせは一度だけ', en: 'one mail says so' },
    mailsTo(day, staff, subject) === 1,
  )
}
