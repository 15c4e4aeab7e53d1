import { gather } from '@yuzuru/concurrency'
import type { FC } from 'hono/jsx'
import type { App } from '../app.ts'
import { listStaff, type Staff } from '../offices/staff.ts'
import { forOffice, may, staffOf } from '../web/access.ts'
import { type AppContext, pageContext } from '../web/environment.ts'
import type { Input } from '../web/fields.ts'
import { Field, Problems, problemState } from '../web/form.tsx'
import { FormKey } from '../web/form-key.tsx'
import type { Problem } from '../web/invalid.ts'
import { formatMoment, type Language, type Text } from '../web/language.ts'
import { Layout } from '../web/layout.tsx'
import {
  listNotices,
  listRequests,
  type ListedRequest,
  REQUEST_KINDS,
  type StaffRequest,
} from './requests.ts'

const KINDS: Readonly<Record<StaffRequest['kind'], Text>> = {
  leave: { ja: '休暇', en: 'Leave' },
  shift_change: { ja: '勤務変更', en: 'Change of shift' },
  expense: { ja: '経費', en: 'Expense' },
}

const STATES: Readonly<Record<StaffRequest['status'], Text & { readonly tag: string }>> = {
  pending: { ja: '承認待ち', en: 'Pending', tag: 'tag warn' },
  approved: { ja: '承認済み', en: 'Approved', tag: 'tag good' },
  declined: { ja: '却下', en: 'Declined', tag: 'tag bad' },
}

const NO_PROBLEMS: readonly Problem[] = []

/** The requests of an office, open ones first; a form for a new one; the notices of the person signed in. */
export async function requestsPage(
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
  // What was refused in the form of one request is shown there.
  const isDecidable = ({ status }: ListedRequest): boolean =>
    status === 'pending' && may(staff, 'requests.decide')
  const refused = requests.find((each) => each.id === c.req.param('id') && isDecidable(each))
  const fields = refused === undefined ? ['kind', 'reason'] : ['notify', 'decisionReason']
  return await c.html(
    <Layout context={pageContext(c)} title={{ ja: '申請', en: 'Requests' }}>
      <Problems {...{ problems, language, fields }} />
      {requests.length === 0 ? (
        <section>
          <p>
            {{ ja: 'まだ申請はありません。', en: 'No request yet. ' }[language]}
            <a href="#new">
              {{ ja: '休暇や経費を申請する', en: 'Ask for leave, or for an expense' }[language]}
            </a>
          </p>
        </section>
      ) : (
        <div class="cards">
          {requests.map((request) => (
            <RequestCard
              {...{ request, language, people }}
              mayDecide={isDecidable(request)}
              problems={request === refused ? problems : undefined}
            />
          ))}
        </div>
      )}
      <section id="new">
        <h2>{{ ja: '新しい申請', en: 'A new request' }[language]}</h2>
        <form method="post" action={forOffice('/requests', staff)}>
          <FormKey />
          <Field name="kind" label={{ ja: '種類', en: 'Kind' }} {...{ language, problems }}>
            <select id="field-kind" name="kind" {...problemState('kind', problems)}>
              {REQUEST_KINDS.map((value) => (
                <option value={value} selected={value === kind}>
                  {KINDS[value][language]}
                </option>
              ))}
            </select>
          </Field>
          <Field name="reason" label={{ ja: '理由', en: 'Reason' }} {...{ language, problems }}>
            <textarea
              id="field-reason"
              name="reason"
              rows={3}
              maxlength={1000}
              required
              {...problemState('reason', problems)}
            >
              {typeof reason === 'string' ? reason : ''}
            </textarea>
          </Field>
          <button>{{ ja: '申請する', en: 'Send' }[language]}</button>
        </form>
      </section>
      <section>
        <h2>{{ ja: 'あなたへの通知', en: 'Your notices' }[language]}</h2>
        {notices.length === 0 ? (
          <p class="soft">{{ ja: '通知はありません', en: 'There are none' }[language]}</p>
        ) : (
          <ul>
            {notices.map(({ body, created_at }) => (
              <li>
                {body} <span class="soft">{formatMoment(created_at, language)}</span>
              </li>
            ))}
          </ul>
        )}
      </section>
    </Layout>,
  )
}

const RequestCard: FC<{
  request: ListedRequest
  people: readonly Staff[]
  language: Language
  mayDecide: boolean
  problems: readonly Problem[] | undefined
}> = ({ request, people, language, mayDecide, problems }) => {
  const state = STATES[request.status]
  return (
    <article class="card">
      <h2>
        {request.staff_name} <span class="tag">{KINDS[request.kind][language]}</span>{' '}
        <span class={state.tag}>{state[language]}</span>
      </h2>
      <p class="text">{request.reason}</p>
      <p class="soft small">{formatMoment(request.created_at, language)}</p>
      {request.decided_at === null ? null : (
        <p class="small">
          {
            {
              ja: `${request.decider ?? ''} が ${formatMoment(request.decided_at, language)} に決定`,
              en: `Decided by ${request.decider ?? ''}, ${formatMoment(request.decided_at, language)}`,
            }[language]
          }
          {request.decision_reason === null ? null : (
            <span class="note text">{request.decision_reason}</span>
          )}
        </p>
      )}
      {mayDecide ? <Decision {...{ request, people, language, problems }} /> : null}
    </article>
  )
}

/** Approving is a button; declining takes a reason, and is quieter. Only one that was refused has problems. */
const Decision: FC<{
  request: ListedRequest
  people: readonly Staff[]
  language: Language
  problems: readonly Problem[] | undefined
}> = ({ request: { id, staff_id }, people, language, problems = NO_PROBLEMS }) => {
  const action = `/requests/${id}/decision`
  // The page has many such forms; the links of the summary lead to the one that was refused.
  const idOf = (name: string): string =>
    problems === NO_PROBLEMS ? `${name}-${id}` : `field-${name}`
  const problem = problems.find((each) => each.field === 'decisionReason')
  const unknown = problems.find((each) => each.field === 'notify')
  return (
    <>
      <form method="post" action={action} class="row">
        <label for={idOf('notify')} class="small">
          {{ ja: '通知先', en: 'Notify' }[language]}
        </label>
        <select id={idOf('notify')} name="notify" {...problemState('notify', problems)}>
          {people.map((person) => (
            <option value={person.id} selected={person.id === staff_id}>
              {person.name}
            </option>
          ))}
        </select>
        {unknown === undefined ? null : (
          <span class="problem" id="field-notify-problem">
            {unknown.text[language]}
          </span>
        )}
        <button name="status" value="approved">
          {{ ja: '承認する', en: 'Approve' }[language]}
        </button>
      </form>
      <details open={problem !== undefined}>
        <summary class="small">{{ ja: '却下する…', en: 'Decline …' }[language]}</summary>
        <form method="post" action={action} class={problem === undefined ? '' : 'wrong'}>
          <input type="hidden" name="notify" value={staff_id} />
          <p class="field">
            <label for={idOf('decisionReason')}>
              {{ ja: '却下の理由', en: 'Why it is declined' }[language]}
            </label>
            <textarea
              id={idOf('decisionReason')}
              name="decisionReason"
              rows={2}
              maxlength={500}
              required
              {...problemState('decisionReason', problems)}
            ></textarea>
            {problem === undefined ? null : (
              <span class="problem" id="field-decisionReason-problem">
                {problem.text[language]}
              </span>
            )}
          </p>
          <button class="second" name="status" value="declined">
            {{ ja: '理由を添えて却下', en: 'Decline with this reason' }[language]}
          </button>
        </form>
      </details>
    </>
  )
}
