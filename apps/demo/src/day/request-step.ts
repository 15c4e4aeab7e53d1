import { randomUUID } from 'node:crypto'
import { type Day, registeredStaff, type Step } from './day.ts'

export const requestStep: Step = {
  title: {
    ja: '職員の申請の承認（状態と通知は一体）',
    en: 'A request is approved: status and notice are one',
  },
  async run(day, report) {
    const staff = registeredStaff(day)
    const wrong = await day.manager.send('/api/v1/requests', {
      json: { kind: 'holiday', reason: '' },
    })
    report.check(
      { ja: '誤った申請は 422', en: 'a wrong request gets 422' },
      wrong.status === 422,
      wrong.status,
    )

    const filed = await day.manager.send('/api/v1/requests', {
      json: { kind: 'leave', reason: '家族の通院の付き添いのため' },
    })
    report.require(
      { ja: '申請を受け付けた', en: 'the request is filed' },
      filed.status === 201,
      filed.status,
    )
    const { id } = filed.json as { id: string }

    report.onPurpose({ ja: '通知先のいない承認を送る', en: 'Approving with nobody to notify' })
    const decision = `/requests/${id}/decision`
    const failed = await day.manager.submit(decision, { status: 'approved', notify: randomUUID() })
    const before = await stateOf(day, id)
    report.check(
      { ja: '通知できない承認は 422', en: 'an approval that cannot be notified gets 422' },
      failed.status === 422,
      failed.status,
    )
    report.check(
      { ja: '申請も通知も元のまま', en: 'request and notice are both as before' },
      before.status === 'pending' && before.notices === 0,
      `${before.status}, ${before.notices}`,
    )

    report.progress({ ja: '承認する', en: 'Approving' })
    await day.manager.submit(decision, { status: 'approved', notify: staff.id })
    const after = await stateOf(day, id)
    report.check(
      { ja: '承認と通知がそろった', en: 'the approval and its notice are both there' },
      after.status === 'approved' && after.notices === 1,
      `${after.status}, ${after.notices}`,
    )
    const mail = await day.sandbox.smtp.inbox.waitFor({
      to: staff.email,
      subject: '申請が承認されました',
    })
    report.check(
      {
        ja: '承認のトランザクションで頼んだメールが届く',
        en: 'the mail that was enqueued with it arrives',
      },
      mail.messageId !== undefined,
      mail.subject,
    )
    const silent = await day.manager.submit(decision, { status: 'declined', notify: staff.id })
    report.check(
      { ja: '理由のない却下は 422', en: 'to decline without a reason gets 422' },
      silent.status === 422,
      silent.status,
    )
    const twice = await day.manager.submit(decision, {
      status: 'declined',
      notify: staff.id,
      decisionReason: '人手が足りません',
    })
    report.check(
      { ja: '二度目の決定は 404', en: 'a second decision gets 404' },
      twice.status === 404,
      twice.status,
    )
  },
}

async function stateOf({ app }: Day, id: string): Promise<{ status: string; notices: number }> {
  const { status } = await app.db
    .selectFrom('requests')
    .select('status')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const notices = await app.db
    .selectFrom('notices')
    .select('id')
    .where('request_id', '=', id)
    .execute()
  return { status, notices: notices.length }
}
