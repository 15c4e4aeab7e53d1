import { CalendarError } from '@yuzuru/calendar'
import { Hono } from 'hono'
import type { App } from '../app.ts'
import { getPlan } from '../plans/plans.ts'
import { allow, staffOf } from '../web/access.ts'
import { type AppContext, type Environment, pageContext } from '../web/environment.ts'
import type { Input } from '../web/fields.ts'
import { Invalid, type Problem } from '../web/invalid.ts'
import { formatMoment } from '../web/language.ts'
import { Field, Layout, Problems } from '../web/layout.tsx'
import { orProblems } from '../web/or-problems.ts'
import { readForm } from '../web/read-form.ts'
import { calendarConsentUrl, readMeetingTime, scheduleMeeting } from './meetings.ts'

/** Connecting Google Calendar, and the next meeting about a plan. */
export function meetingRoutes(app: App): Hono<Environment> {
  const routes = new Hono<Environment>()

  routes.get('/calendar', allow('office.read'), async (c) => await calendarPage(app, c))

  routes.post('/calendar/connect', allow('calendar.connect'), async (c) =>
    c.redirect(await calendarConsentUrl(app, staffOf(c)), 303),
  )

  routes.get('/calendar/callback', allow('calendar.connect'), async (c) => {
    const { state = '', code, error } = c.req.query()
    try {
      await app.calendar.exchange({ reference: staffOf(c).office_id, state, code, error })
    } catch (failure) {
      throw refusal(failure)
    }
    return c.redirect('/calendar')
  })

  routes.post('/calendar/disconnect', allow('calendar.connect'), async (c) => {
    await app.calendar.revoke(staffOf(c).office_id)
    return c.redirect('/calendar')
  })

  routes.get('/plans/:id/meeting', allow('plans.read'), (c) => meetingPage(app, c, {}, []))

  routes.post('/plans/:id/meeting', allow('meetings.write'), async (c) => {
    const input = await readForm(c)
    const staff = staffOf(c)
    const plan = await getPlan(app, staff.office_id, c.req.param('id'))
    const act = async (): Promise<Response> => {
      await scheduleMeeting(app, staff, plan, readMeetingTime(input))
      return c.redirect(`/plans/${plan.id}/meeting`)
    }
    return await orProblems(c, act, (problems) => meetingPage(app, c, input, problems))
  })

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

async function calendarPage(app: App, c: AppContext): Promise<Response> {
  const language = c.get('language')
  const meetings = await app.db
    .selectFrom('meetings')
    .innerJoin('plans', 'plans.id', 'meetings.plan_id')
    .select(['plans.id', 'plans.title', 'meetings.starts_at', 'meetings.link'])
    .where('plans.office_id', '=', staffOf(c).office_id)
    .orderBy('meetings.starts_at')
    .limit(100)
    .execute()
  return await c.html(
    <Layout context={pageContext(c)} title={{ ja: 'カレンダー', en: 'Calendar' }}>
      <section>
        <form method="post" action="/calendar/connect">
          <button>
            {{ ja: 'Googleカレンダーを接続する', en: 'Connect Google Calendar' }[language]}
          </button>
        </form>
        <form method="post" action="/calendar/disconnect">
          <button class="quiet">{{ ja: '接続を解除する', en: 'Disconnect' }[language]}</button>
        </form>
      </section>
      <section>
        <h2>{{ ja: 'これからの会議', en: 'Meetings to come' }[language]}</h2>
        <table>
          {meetings.map(({ id, title, starts_at }) => (
            <tr>
              <td>{formatMoment(starts_at, language)}</td>
              <td>
                <a href={`/plans/${id}`}>{title}</a>
              </td>
            </tr>
          ))}
        </table>
      </section>
    </Layout>,
  )
}

async function meetingPage(
  app: App,
  c: AppContext,
  input: Input,
  problems: readonly Problem[],
): Promise<Response> {
  const language = c.get('language')
  const plan = await getPlan(app, staffOf(c).office_id, c.req.param('id') ?? '')
  const meeting = await app.db
    .selectFrom('meetings')
    .select('starts_at')
    .where('plan_id', '=', plan.id)
    .executeTakeFirst()
  const { startsAt } = input
  return await c.html(
    <Layout context={pageContext(c)} title={{ ja: '次回の会議', en: 'The next meeting' }}>
      <Problems problems={problems} language={language} />
      <section>
        <p>
          <a href={`/plans/${plan.id}`}>{plan.title}</a>
        </p>
        {meeting === undefined ? null : <p>{formatMoment(meeting.starts_at, language)}</p>}
        <form method="post" action={`/plans/${plan.id}/meeting`}>
          <Field
            name="startsAt"
            type="datetime-local"
            label={{ ja: '日時（日本時間）', en: 'When (in Japan)' }}
            value={typeof startsAt === 'string' ? startsAt : undefined}
            {...{ language, problems }}
          />
          <button>
            {{ ja: 'カレンダーに登録する', en: 'Put it into the calendar' }[language]}
          </button>
        </form>
      </section>
    </Layout>,
  )
}
