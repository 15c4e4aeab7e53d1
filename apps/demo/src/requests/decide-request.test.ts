import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestApp, type TestApp } from '../../test/open-test-app.ts'
import { signedIn } from '../../test/sign-in.ts'
import { decideRequest, fileRequest } from './requests.ts'

let at: TestApp
beforeAll(async () => {
  at = await openTestApp()
})
afterAll(() => at[Symbol.asyncDispose]())

test('the mail of a decision goes out if, and only if, the decision is written', async () => {
  const { app, sandbox } = at
  const email = 'decided@example.jp'
  const { staff, visitor } = await signedIn(at, email)
  await using _ = visitor
  const { id: requestId } = await fileRequest(app.db, staff, { kind: 'leave', reason: '家族' })
  const decision = { requestId, status: 'declined', reason: '人手が\n足りません' } as const
  await expect(decideRequest(app, staff, { ...decision, notify: randomUUID() })).rejects.toThrow()
  await decideRequest(app, staff, { ...decision, notify: staff.id })
  const mail = await sandbox.smtp.inbox.waitFor({ to: email, subject: '却下されました' })
  expect(mail.text).toContain('人手が\n足りません')
  const { length } = await app.db
    .selectFrom('notices')
    .select('id')
    .where('request_id', '=', requestId)
    .execute()
  expect(length).toBe(1)
  const all = sandbox.smtp.inbox.messages.filter(({ subject }) => subject.includes('却下'))
  expect(all).toHaveLength(1)
})

test('to decline takes a reason, which is kept and shown', async () => {
  const { staff, visitor } = await signedIn(at, 'reason@example.jp')
  await using _ = visitor
  const { id } = await fileRequest(at.app.db, staff, { kind: 'leave', reason: '家族' })
  const path = `/requests/${id}/decision`
  const refused = await visitor.submit(path, { status: 'declined', notify: staff.id })
  expect([refused.status, refused.text]).toEqual([422, expect.stringContaining('<details open')])
  const fields = { status: 'declined', notify: staff.id, decisionReason: '人手が足りません' }
  const declined = await visitor.submit(path, fields)
  expect(declined.text).toContain('申請を却下しました')
  expect(declined.text).toContain('人手が足りません')
})
