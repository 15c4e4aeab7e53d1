import { CalendarError } from '@yuzuru/calendar'
import { Hono } from 'hono'
import type { App } from '../app.ts'
import { expectOpen } from '../billing/expect-open.ts'
import { getPlan } from '../plans/plans.ts'
import { allow, staffOf } from '../web/access.ts'
import type { Environment } from '../web/environment.ts'
import { Invalid } from '../web/invalid.ts'
import { withNotice } from '../web/notices.ts'
import { orProblems } from '../web/or-problems.ts'
import { readForm } from '../web/read-form.ts'
import { calendarPage } from './calendar-page.tsx'
import { NOTIFICATIONS_PATH } from './calendar-watches.ts'
import { meetingPage } from './meeting-page.tsx'
import { readMeetingTimes } from './meeting-times.ts'
import { calendarConsentUrl, connectCalendar, disconnectCalendar } from './office-calendar.ts'
import { scheduleMeetings } from './schedule-meetings.ts'

/** Connecting Google Calendar, and the meetings about a plan. */
export function meetingRoutes(app: App): Hono<Environment> {
  const routes = new Hono<Environment>()

  routes.get('/calendar', allow('office.read'), (c) => calendarPage(app, c))

  routes.post('/calendar/connect', allow('calendar.connect'), async (c) =>
    c.redirect(await calendarConsentUrl(app, staffOf(c)), 303),
  )

  routes.get('/calendar/callback', allow('calendar.connect'), async (c) => {
    const { state = '', code, error } = c.req.query()
    try {
      await connectCalendar(app, staffOf(c).office_id, { state, code, error })
    } catch (failure) {
      throw refusal(failure)
    }
    return c.redirect(withNotice('/calendar', 'calendar-connected'))
  })

  routes.post('/calendar/disconnect', allow('calendar.connect'), async (c) => {
    await disconnectCalendar(app, staffOf(c).office_id)
    return c.redirect(withNotice('/calendar', 'calendar-disconnected'))
  })

  routes.get('/plans/:id/meeting', allow('plans.read'), (c) => meetingPage(app, c, {}, []))

  routes.post('/plans/:id/meeting', allow('meetings.write'), async (c) => {
    const input = await readForm(c)
    const staff = staffOf(c)
    const plan = await getPlan(app, staff.office_id, c.req.param('id'))
    await expectOpen(app, staff.office_id, 'meetings')
    const act = async (): Promise<Response> => {
      await scheduleMeetings(app, staff, plan, readMeetingTimes(input))
      return c.redirect(withNotice(`/plans/${plan.id}/meeting`, 'meetings-scheduled'))
    }
    return await orProblems(c, act, (problems) => meetingPage(app, c, input, problems))
  })

  // Its own token says whether it is from Google.
  routes.post(NOTIFICATIONS_PATH, allow('anyone'), (c) => app.watches.fetch(c.req.raw))

  return routes
}

const REFUSALS: ReadonlySet<string> = new Set([
  'invalid_state',
  'consent_refused',
  'reconnect_required',
])

/** What a person can mend about a callback that was refused. */
function refusal(error: unknown): unknown {
  const malformed = error instanceof TypeError
  if (!malformed && !(CalendarError.isInstance(error) && REFUSALS.has(error.code))) return error
  const text = {
    ja: 'Googleカレンダーに接続できませんでした。もう一度はじめからお試しください',
    en: 'was not connected: please begin again',
  }
  return new Invalid([{ field: 'calendar', text }], 400)
}
