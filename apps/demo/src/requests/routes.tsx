import { gather } from '@yuzuru/concurrency'
import { Hono } from 'hono'
import type { App } from '../app.ts'
import { listStaff } from '../offices/staff.ts'
import { allow, may, staffOf } from '../web/access.ts'
import { type AppContext, type Environment, pageContext } from '../web/environment.ts'
import type { Input } from '../web/fields.ts'
import { FormKey } from '../web/form-key.tsx'
import type { Problem } from '../web/invalid.ts'
import { formatMoment, type Text } from '../web/language.ts'
import { Field, Problems } from '../web/form.tsx'
import { Layout } from '../web/layout.tsx'
import { withNotice } from '../web/notices.ts'
import { onceFor } from '../web/once.ts'
import { orProblems } from '../web/or-problems.ts'
import { readForm } from '../web/read-form.ts'
import {
  decideRequest,
  fileRequest,
  listNotices,
  listRequests,
  readDecision,
  REQUEST_KINDS,
  type StaffRequest,
} from './requests.ts'

const KINDS: Readonly<Record<StaffRequest['kind'], Text>> = {
  leave: { ja: '休暇', en: 'Leave' },
  shift_change: { ja: '勤務変更', en: 'Change of shift' },
  expense: { ja: '経費', en: 'Expense' },
}

const STATES: Readonly<Record<StaffRequest['status'], Text>> = {
  pending: { ja: '承認待ち', en: 'Pending' },
  approved: { ja: '承認済み', en: 'Approved' },
  declined: { ja: '却下', en: 'Declined' },
}

/** Requests of the staff, and what a manager decides about them. */
export function requestRoutes(app: App): Hono<Environment> {
  const routes = new Hono<Environment>()
  const once = onceFor(app)

  routes.get('/requests', allow('requests.read'), (c) => requestsPage(app, c, {}, []))

  routes.post('/requests', allow('requests.file'), async (c) => {
    const act = (): Promise<Response> =>
      once(c, async (tx, input) => {
        await fileRequest(tx, staffOf(c), input)
        return c.redirect(withNotice('/requests', 'request-filed'))
      })
    return await orProblems(c, act, async (problems) =>
      requestsPage(app, c, await readForm(c), problems),
    )
  })

  routes.post('/api/v1/requests', allow('requests.file'), async (c) => {
    const request = await fileRequest(app.db, staffOf(c), await readForm(c))
    return c.json({ id: request.id, status: request.status }, 201)
  })

  routes.get('/api/v1/requests', allow('requests.read'), async (c) => {
    const requests = await listRequests(app.db, staffOf(c).office_id)
    return c.json({
      requests: requests.map(({ id, kind, reason, status, staff_name, decided_at, created_at }) => {
        return { id, kind, reason, status, staff_name, decided_at, created_at }
      }),
    })
  })

  routes.get('/api/v1/notices', allow('requests.read'), async (c) =>
    c.json({ notices: await listNotices(app.db, staffOf(c).id) }),
  )

  routes.post('/requests/:id/decision', allow('requests.decide'), async (c) => {
    const decision = readDecision(c.req.param('id'), await readForm(c))
    const act = async (): Promise<Response> => {
      await decideRequest(app.db, staffOf(c), decision)
      return c.redirect(withNotice('/requests', `request-${decision.status}`))
    }
    return await orProblems(c, act, (problems) => requestsPage(app, c, {}, problems))
  })

  return routes
}

async function requestsPage(
  app: App,
  c: AppContext,
  input: Input,
  problems: readonly Problem[],
): Promise<Response> {
  const staff = staffOf(c)
  const language = c.get('language')
  const { requests, notices, people } = await gather({
    requests: () => listRequests(app.db, staff.office_id),
    notices: () => listNotices(app.db, staff.id),
    people: () => listStaff(app, staff.office_id),
  })
  const { kind, reason } = input
  return await c.html(
    <Layout context={pageContext(c)} title={{ ja: '申請', en: 'Requests' }}>
      <Problems problems={problems} language={language} />
      <section>
        <h2>{{ ja: '新しい申請', en: 'A new request' }[language]}</h2>
        <form method="post" action="/requests">
          <FormKey />
          <Field name="kind" label={{ ja: '種類', en: 'Kind' }} {...{ language, problems }}>
            <select id="field-kind" name="kind">
              {REQUEST_KINDS.map((value) => (
                <option value={value} selected={value === kind}>
                  {KINDS[value][language]}
                </option>
              ))}
            </select>
          </Field>
          <Field name="reason" label={{ ja: '理由', en: 'Reason' }} {...{ language, problems }}>
            <textarea id="field-reason" name="reason" rows={3} maxlength={1000} required>
              {typeof reason === 'string' ? reason : ''}
            </textarea>
          </Field>
          <button>{{ ja: '申請する', en: 'Send' }[language]}</button>
        </form>
      </section>
      <section>
        <h2>{{ ja: '申請の一覧', en: 'All requests' }[language]}</h2>
        <table>
          {requests.map((request) => (
            <tr>
              <td>{request.staff_name}</td>
              <td>{KINDS[request.kind][language]}</td>
              <td>{request.reason}</td>
              <td>{STATES[request.status][language]}</td>
              <td>
                {request.status === 'pending' && may(staff, 'requests.decide') ? (
                  <form method="post" action={`/requests/${request.id}/decision`}>
                    <select name="notify" aria-label={{ ja: '通知先', en: 'Notify' }[language]}>
                      {people.map(({ id, name }) => (
                        <option value={id} selected={id === request.staff_id}>
                          {name}
                        </option>
                      ))}
                    </select>
                    <button name="status" value="approved">
                      {{ ja: '承認', en: 'Approve' }[language]}
                    </button>{' '}
                    <button name="status" value="declined">
                      {{ ja: '却下', en: 'Decline' }[language]}
                    </button>
                  </form>
                ) : null}
              </td>
            </tr>
          ))}
        </table>
      </section>
      <section>
        <h2>{{ ja: 'あなたへの通知', en: 'Your notices' }[language]}</h2>
        <ul>
          {notices.map(({ body, created_at }) => (
            <li>
              {body} <span class="soft">{formatMoment(created_at, language)}</span>
            </li>
          ))}
        </ul>
      </section>
    </Layout>,
  )
}
