import { gather } from '@yuzuru/concurrency'
import { CalendarError } from '@yuzuru/calendar'
import type { App } from '../app.ts'
import { listMeetings } from '../meetings/list-meetings.ts'
import type { Staff } from '../offices/staff.ts'
import { listPlans } from '../plans/plans.ts'
import { listRequests } from '../requests/requests.ts'
import { may } from '../web/access.ts'
import type { Text } from '../web/language.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

/** How many days before its date something is shown. */
export const AHEAD_DAYS = 30
const AHEAD_MS = AHEAD_DAYS * DAY_MS

/** Something that a person has to do, or that is to come. */
export interface Task {
  readonly text: Text
  readonly href: string
  /** When it is due; `undefined`: today. */
  readonly at: Date | undefined
}

/** What is to be done in an office by a member of its staff: today, and what is due within {@link AHEAD_DAYS}. */
export async function tasksOf(app: App, staff: Staff, now: Date): Promise<readonly Task[]> {
  const { office_id: officeId } = staff
  const { plans, requests, meetings, billing, account } = await gather({
    plans: () => listPlans(app, officeId),
    requests: () => listRequests(app.db, officeId),
    meetings: () => listMeetings(app, officeId),
    billing: () => app.billing.status(officeId),
    account: () => accountOf(app, officeId),
  })
  const until = now.getTime() + AHEAD_MS
  const tasks: Task[] = []
  const add = (href: string, ja: string, en: string, at?: Date): void => {
    if (at === undefined || at.getTime() <= until) tasks.push({ href, text: { ja, en }, at })
  }
  if (account?.state === 'reconnect_required') {
    add('/calendar', 'カレンダーを接続し直す', 'Connect the calendar again')
  }
  const pending = requests.filter(({ status }) => status === 'pending')
  if (may(staff, 'requests.decide')) {
    for (const { staff_name: name } of pending) {
      add('/requests', `${name}さんの申請に答える`, `Answer ${name}’s request`)
    }
  }
  for (const { id, title } of plans.filter(({ status }) => status === 'draft')) {
    add(`/plans/${id}`, `支援計画を仕上げる: ${title}`, `Finish the support plan: ${title}`)
  }
  if (plans.length === 0) add('/plans', '最初の支援計画を作成する', 'Create the first support plan')
  if (account === undefined) {
    add('/calendar', 'Googleカレンダーを接続する', 'Connect Google Calendar')
  }
  for (const { plan_id: id, title, starts_at: at } of meetings) {
    add(`/plans/${id}/meeting`, `会議: ${title}`, `Meeting: ${title}`, at)
  }
  if (billing.next?.what === 'trial_ends') {
    const { at } = billing.next
    add('/billing', '無料お試しの終わり（お支払い方法の登録）', 'The trial ends: subscribe', at)
  }
  return tasks.toSorted((a, b) => (a.at?.getTime() ?? 0) - (b.at?.getTime() ?? 0))
}

async function accountOf({ calendar }: App, officeId: string) {
  return await calendar.account(officeId).catch((error: unknown) => {
    if (CalendarError.isInstance(error) && error.code === 'not_connected') return undefined
    throw error
  })
}
