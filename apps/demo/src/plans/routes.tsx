import { Hono } from 'hono'
import type { App } from '../app.ts'
import { allow, may, staffOf } from '../web/access.ts'
import { type AppContext, type Environment, pageContext } from '../web/environment.ts'
import { Fields, type Input } from '../web/fields.ts'
import { FormKey } from '../web/form-key.tsx'
import { Invalid, type Problem } from '../web/invalid.ts'
import type { Text } from '../web/language.ts'
import { Field, Problems } from '../web/form.tsx'
import { Layout } from '../web/layout.tsx'
import { withNotice } from '../web/notices.ts'
import { onceFor } from '../web/once.ts'
import { orProblems } from '../web/or-problems.ts'
import { readForm } from '../web/read-form.ts'
import { RequestBody } from '../web/request-body.ts'
import { approvePlan } from './approve-plan.ts'
import { MAX_DOCUMENT_BYTES, tooLarge } from './pdf-body.ts'
import { attachDocument } from './attach-document.ts'
import { createPlan, documentLink, getPlan, listPlans, type Plan } from './plans.ts'
import { UPLOAD_SCRIPT } from './upload-script.ts'

/** How long a link to a document holds: long enough for the browser to follow it. */
const LINK_SECONDS = 60

const STATES: Readonly<Record<Plan['status'], Text>> = {
  draft: { ja: '作成中', en: 'Draft' },
  approved: { ja: '承認済み', en: 'Approved' },
}

/** Support plans and their documents. */
export function planRoutes(app: App): Hono<Environment> {
  const routes = new Hono<Environment>()
  const once = onceFor(app)
  const planOf = (c: AppContext): Promise<Plan> =>
    getPlan(app, staffOf(c).office_id, c.req.param('id') ?? '')

  routes.get('/upload.js', allow('anyone'), (c) =>
    c.body(UPLOAD_SCRIPT, 200, {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'max-age=3600',
    }),
  )

  routes.get('/plans', allow('plans.read'), (c) => plansPage(app, c, {}, []))

  routes.post('/plans', allow('plans.write'), async (c) => {
    const act = (): Promise<Response> =>
      once(c, async (tx, input) => {
        const { id } = await createPlan(tx, staffOf(c).office_id, input)
        return c.redirect(withNotice(`/plans/${id}`, 'plan-created'))
      })
    return await orProblems(c, act, async (problems) =>
      plansPage(app, c, await readForm(c), problems),
    )
  })

  routes.get('/api/v1/plans', allow('plans.read'), async (c) => {
    const plans = await listPlans(app, staffOf(c).office_id)
    return c.json({ plans: plans.map(planResponse) })
  })

  routes.get('/api/v1/plans/:id', allow('plans.read'), async (c) =>
    c.json(planResponse(await planOf(c))),
  )

  routes.get('/plans/:id', allow('plans.read'), async (c) => planPage(c, await planOf(c)))

  routes.put('/api/v1/plans/:id/document', allow('plans.write'), async (c) => {
    const filename = filenameOf(c)
    if (Number(c.req.header('content-length') ?? 0) > MAX_DOCUMENT_BYTES) throw tooLarge()
    const plan = await planOf(c)
    const source = new RequestBody(c.req.raw)
    const updated = await attachDocument(app, plan, { filename, source }).catch(
      async (error: unknown) => {
        if (error instanceof Invalid) await source.drain()
        throw error
      },
    )
    return c.json(
      { bytes: updated.document_bytes, sha256: updated.document_sha256, name: filename },
      201,
    )
  })

  routes.get('/plans/:id/document', allow('plans.read'), async (c) =>
    c.redirect(await documentLink(app, await planOf(c), LINK_SECONDS)),
  )

  routes.post('/plans/:id/approve', allow('plans.approve'), async (c) => {
    const { id } = await approvePlan(app, await planOf(c))
    return c.redirect(withNotice(`/plans/${id}`, 'plan-approved'))
  })

  routes.post('/api/v1/plans/:id/approve', allow('plans.approve'), async (c) =>
    c.json(planResponse(await approvePlan(app, await planOf(c)))),
  )

  return routes
}

/** A plan as programs read it: without where its document is kept. */
function planResponse({ id, title, status, document_name, document_bytes, created_at }: Plan) {
  return { id, title, status, document_name, document_bytes, created_at }
}

/** The document's name: percent-encoded UTF-8 in `X-Filename`, as headers are ASCII. */
function filenameOf(c: AppContext): string {
  const encoded = c.req.header('x-filename') ?? ''
  let filename = ''
  try {
    filename = decodeURIComponent(encoded)
  } catch {
    // An empty name is refused below.
  }
  const fields = new Fields({ filename: filename.replaceAll(/[/\\]/g, '') })
  const name = fields.text('filename', { max: 200 })
  fields.check()
  return name
}

async function plansPage(
  app: App,
  c: AppContext,
  input: Input,
  problems: readonly Problem[],
): Promise<Response> {
  const language = c.get('language')
  const plans = await listPlans(app, staffOf(c).office_id)
  const { title } = input
  return await c.html(
    <Layout context={pageContext(c)} title={{ ja: '支援計画', en: 'Support plans' }}>
      <Problems problems={problems} language={language} />
      <section>
        <h2>{{ ja: '新しい計画', en: 'A new plan' }[language]}</h2>
        <form method="post" action="/plans">
          <FormKey />
          <Field
            name="title"
            label={{ ja: '題名', en: 'Title' }}
            value={typeof title === 'string' ? title : undefined}
            maxLength={200}
            {...{ language, problems }}
          />
          <button>{{ ja: '作成する', en: 'Create' }[language]}</button>
        </form>
      </section>
      <section>
        <table>
          {plans.map((plan) => (
            <tr>
              <td>
                <a href={`/plans/${plan.id}`}>{plan.title}</a>
              </td>
              <td>{STATES[plan.status][language]}</td>
              <td class="soft">{plan.document_name ?? ''}</td>
            </tr>
          ))}
        </table>
      </section>
    </Layout>,
  )
}

function planPage(c: AppContext, plan: Plan): Response | Promise<Response> {
  const language = c.get('language')
  return c.html(
    <Layout context={pageContext(c)} title={{ ja: plan.title, en: plan.title }}>
      <section>
        <p>{STATES[plan.status][language]}</p>
        {plan.status === 'draft' && may(staffOf(c), 'plans.approve') ? (
          <form method="post" action={`/plans/${plan.id}/approve`}>
            <button>
              {{ ja: '承認して職員に知らせる', en: 'Approve and tell the staff' }[language]}
            </button>
          </form>
        ) : null}
      </section>
      <section>
        <h2>{{ ja: '文書', en: 'Document' }[language]}</h2>
        {plan.document_name === null ? null : (
          <p>
            <a href={`/plans/${plan.id}/document`} target="_blank" rel="noopener">
              {plan.document_name}
            </a>{' '}
            <span class="soft">{`${((plan.document_bytes ?? 0) / 1_048_576).toFixed(1)} MB`}</span>
          </p>
        )}
        <form
          id="upload"
          data-url={`/api/v1/plans/${plan.id}/document`}
          data-failed={{ ja: '送信できませんでした', en: 'The upload failed' }[language]}
        >
          <input
            type="file"
            name="document"
            accept="application/pdf"
            required
            aria-label={{ ja: 'PDFファイル', en: 'PDF file' }[language]}
          />{' '}
          <button>{{ ja: 'アップロード', en: 'Upload' }[language]}</button>
          <p>
            <progress max="1" value="0" hidden></progress>
          </p>
          <p class="problem" role="alert"></p>
        </form>
        <script src="/upload.js"></script>
      </section>
      <section>
        <h2>{{ ja: '次回の会議', en: 'The next meeting' }[language]}</h2>
        <p>
          <a href={`/plans/${plan.id}/meeting`}>
            {{ ja: 'Googleカレンダーに登録する', en: 'Put it into Google Calendar' }[language]}
          </a>
        </p>
      </section>
    </Layout>,
  )
}
