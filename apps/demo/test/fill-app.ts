import { beginCheckout } from '../src/billing/billings.ts'
import { PersonInGoogle } from '../src/day/person-in-google.ts'
import { addStaff } from '../src/offices/staff.ts'
import { approvePlan } from '../src/plans/approve-plan.ts'
import { createPlan } from '../src/plans/plans.ts'
import { decideRequest, fileRequest } from '../src/requests/requests.ts'
import { scheduleMeetings } from '../src/meetings/schedule-meetings.ts'
import { createSignInLink } from '../src/sign-in/sign-in-link.ts'
import type { TestApp } from './open-test-app.ts'
import { signedIn } from './sign-in.ts'

/** Fills the app with what an office has after a while; another is new, and one has lost its calendar. */
export async function fillApp(at: TestApp) {
  const { app, sandbox } = at
  await using stack = new AsyncDisposableStack()
  const enter = async (email: string) => {
    const entered = await signedIn(at, email)
    stack.use(entered.visitor)
    return entered
  }
  const full = await enter('hanako@example.jp')
  const empty = await enter('empty@example.jp')
  const gone = await enter('gone@example.jp')
  const { staff } = full
  const people = [
    { name: '鈴木 一郎', email: 'ichiro.suzuki@fukushi-jigyosho.example.jp' },
    { name: '田中 次郎', email: 'jiro@example.jp' },
  ]
  const [ichiro] = await addStaff(app, staff.office_id, people)
  const title = (text: string) => ({ title: text })
  const draft = await createPlan(
    app.db,
    staff.office_id,
    title('令和８年度 個別支援計画（上半期）'),
  )
  const approved = await createPlan(app.db, staff.office_id, title('令和７年度 個別支援計画'))
  await approvePlan(app, staff, approved)
  const file = (reason: string) => fileRequest(app.db, ichiro!, { kind: 'leave', reason })
  await file('家族の通院の付き添いのため、午後から半日お休みをいただきたいです。')
  const decided = await file('引っ越しのため')
  const decision = {
    requestId: decided.id,
    status: 'approved',
    notify: staff.id,
  } as const
  await decideRequest(app, staff, decision)

  for (const { visitor, staff: owner } of [full, gone]) {
    await new PersonInGoogle(sandbox, owner.email).connect(visitor)
  }
  const startsAt = new Date('2099-05-04T10:00:00+09:00')
  await scheduleMeetings(app, staff, draft, { startsAt, repeats: 'monthly' })
  await sandbox.google.revokeAccess('gone@example.jp')
  await app.billing.status(staff.office_id)
  // A checkout that was opened, and not gone through with.
  await beginCheckout(app, staff, { language: 'ja' })
  const checkoutId = sandbox.stripe.checkoutSessions().at(-1)!.id
  // The one whose calendar is gone has subscribed.
  const paying = await beginCheckout(app, gone.staff, { language: 'ja' })
  const page = sandbox.stripe.checkoutSessions().find(({ url }) => url === paying)
  await sandbox.stripe.completeCheckout(page!.id)
  await app.billing.sync({ sessionId: page!.id, reference: gone.staff.office_id })
  const { appSecret: secret, publicUrl } = app.settings
  const asked = { staffId: empty.staff.id, jobId: 'look', requestedAt: new Date() }
  const link = await createSignInLink(app.db, { ...asked, secret, publicUrl })
  return {
    verifyPath: link!.slice(publicUrl.length),
    checkoutId,
    planId: draft.id,
    approvedId: approved.id,
    sessions: { nobody: undefined, full: full.token, empty: empty.token, gone: gone.token },
  }
}
