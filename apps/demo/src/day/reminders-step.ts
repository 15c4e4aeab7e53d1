import { sleep, withTimeout } from '@yuzuru/concurrency'
import { jobStats } from '@yuzuru/jobs'
import type { InboxMessage } from '@yuzuru/sandbox'
import { addStaff } from '../offices/staff.ts'
import { approvePlan } from '../plans/approve-plan.ts'
import { getPlan } from '../plans/plans.ts'
import { type Day, registeredStaff, type Step, uploadedPlan } from './day.ts'

const STAFF = 200
/** The worker is killed once so many reminders have arrived. */
const KILL_AFTER = 60
const PATIENCE_MS = 60_000

export const remindersStep: Step = {
  title: {
    ja: '職員200名へのお知らせ、途中で worker を SIGKILL',
    en: 'Reminders to 200 staff, the worker killed in the middle',
  },
  async run(day, report) {
    const manager = registeredStaff(day)
    const { office_id: officeId } = manager
    const planId = uploadedPlan(day)
    const { inbox } = day.sandbox.smtp
    const people = Array.from({ length: STAFF }, (_, index) => ({
      name: `職員 ${index + 1}`,
      email: `staff${index + 1}.${day.runId}@example.jp`,
    }))
    await addStaff(day.app, officeId, people)
    const recipients = new Set(people.map(({ email }) => email))
    const isReminder = (message: InboxMessage): boolean =>
      message.envelope.to.some((address) => recipients.has(address))

    report.progress({
      ja: '計画を承認し、同じトランザクションで登録する',
      en: 'Approving the plan, enqueueing in the same transaction',
    })
    const deaths = day.worker.deaths
    const { waiting: forLater } = await jobStats(day.app.db)
    await approvePlan(day.app, manager, await getPlan(day.app, officeId, planId))
    await inbox.waitForCount(KILL_AFTER, isReminder, { timeoutMs: PATIENCE_MS })
    report.onPurpose({ ja: 'worker を SIGKILL で止める', en: 'Killing the worker by SIGKILL' })
    await day.worker.kill()
    const atKill = inbox.messages.filter(isReminder).length
    report.check(
      { ja: 'SIGKILL は途中に落ちた', en: 'the SIGKILL struck in the middle' },
      day.worker.deaths === deaths + 1 && atKill < STAFF,
      `${atKill} / ${STAFF}`,
    )

    report.progress({ ja: '新しい worker が続きを送る', en: 'A new worker sends the rest' })
    await withTimeout(PATIENCE_MS, () => untilJobsDone(day, forLater), { name: 'the reminders' })
    const messages = inbox.messages.filter(isReminder)
    const reached = new Set(messages.flatMap(({ envelope }) => envelope.to))
    report.check(
      { ja: '全員に届いた', en: 'all of them arrived' },
      reached.size === STAFF,
      `${reached.size} / ${STAFF}`,
    )
    const ids = new Set(messages.map(({ messageId }) => messageId))
    report.check(
      { ja: '重複は同じ Message-ID を持つ', en: 'a repeat carries the same Message-ID' },
      ids.size === STAFF,
      `${messages.length - STAFF} 重複 / repeats`,
    )
  },
}

/** @param forLater how many jobs wait for another time */
async function untilJobsDone({ app }: Day, forLater: number): Promise<void> {
  for (;;) {
    const { waiting, running } = await jobStats(app.db)
    if (waiting + running <= forLater) return
    await sleep(50)
  }
}
