import { Hono } from 'hono'
import type { App } from '../app.ts'
import { allow, staffOf } from '../web/access.ts'
import type { AppContext, Environment } from '../web/environment.ts'
import { Fields } from '../web/fields.ts'
import { Invalid } from '../web/invalid.ts'
import { withNotice } from '../web/notices.ts'
import { onceFor } from '../web/once.ts'
import { orProblems } from '../web/or-problems.ts'
import { readForm } from '../web/read-form.ts'
import { RequestBody } from '../web/request-body.ts'
import { approvePlan } from './approve-plan.ts'
import { MAX_DOCUMENT_BYTES, tooLarge } from './pdf-body.ts'
import { attachDocument } from './attach-document.ts'
import { planPage, plansPage } from './plans-page.tsx'
import {
  createPlan,
  documentLink,
  getPlan,
  type ListedPlan,
  listPlans,
  type Plan,
} from './plans.ts'
import { browserModules } from './browser-modules.ts'
import { withDocument } from './read-document.ts'
import { uploadScript } from './upload-script.ts'
import { beginUpload, completeUpload, renewUpload, withoutFolders } from './uploads.ts'

/** How long a link to a document holds: long enough for the browser to follow it. */
const LINK_SECONDS = 60

/** Whether a path takes a document in a form, which is larger than forms are. */
export function isDocumentForm(path: string): boolean {
  return /^\/plans\/[^/]+\/document$/.test(path)
}

const SCRIPT_HEADERS = {
  'content-type': 'text/javascript; charset=utf-8',
  'cache-control': 'max-age=3600',
}

/** Support plans and their documents. */
export function planRoutes(app: App): Hono<Environment> {
  const routes = new Hono<Environment>()
  const once = onceFor(app)
  const planOf = (c: AppContext): Promise<ListedPlan> =>
    getPlan(app, staffOf(c).office_id, c.req.param('id') ?? '')

  const modules = browserModules('@yuzuru/storage/browser')
  routes.get('/upload.js', allow('anyone'), async (c) => {
    const { entry } = await modules
    return c.body(uploadScript(`/upload/${entry}`), 200, SCRIPT_HEADERS)
  })

  routes.get('/upload/:name{.+}', allow('anyone'), async (c) => {
    const text = (await modules).texts.get(c.req.param('name'))
    return text === undefined ? await c.notFound() : c.body(text, 200, SCRIPT_HEADERS)
  })

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
    return c.json(documentResponse(updated), 201)
  })

  routes.post('/api/v1/plans/:id/uploads', allow('plans.write'), async (c) => {
    const plan = await planOf(c)
    return c.json(await beginUpload(app, plan, await readForm(c)), 201)
  })

  routes.get('/api/v1/plans/:id/uploads/:upload', allow('plans.write'), async (c) =>
    c.json(await renewUpload(app, await planOf(c), c.req.param('upload'))),
  )

  routes.post('/api/v1/plans/:id/uploads/:upload/complete', allow('plans.write'), async (c) => {
    const plan = await planOf(c)
    const updated = await completeUpload(app, plan, c.req.param('upload'), await readForm(c))
    return c.json(documentResponse(updated), 201)
  })

  routes.post('/plans/:id/document', allow('plans.write'), async (c) => {
    const plan = await planOf(c)
    const act = async (): Promise<Response> => {
      await withDocument(c, (document) => attachDocument(app, plan, document))
      return c.redirect(withNotice(`/plans/${plan.id}`, 'document-stored'))
    }
    return await orProblems(c, act, (problems) => planPage(c, plan, problems))
  })

  routes.get('/plans/:id/document', allow('plans.read'), async (c) =>
    c.redirect(await documentLink(app, await planOf(c), LINK_SECONDS)),
  )

  routes.post('/plans/:id/approve', allow('plans.approve'), async (c) => {
    const { id } = await approvePlan(app, staffOf(c), await planOf(c))
    return c.redirect(withNotice(`/plans/${id}`, 'plan-approved'))
  })

  routes.post('/api/v1/plans/:id/approve', allow('plans.approve'), async (c) =>
    c.json(planResponse(await approvePlan(app, staffOf(c), await planOf(c)))),
  )

  return routes
}

/** A plan as programs read it: without where its document is kept. */
function planResponse({ id, title, status, document_name, document_bytes, created_at }: Plan) {
  return { id, title, status, document_name, document_bytes, created_at }
}

function documentResponse({ document_bytes, document_sha256, document_name }: Plan) {
  return { bytes: document_bytes, sha256: document_sha256, name: document_name }
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
  const fields = new Fields({ filename: withoutFolders(filename) })
  const name = fields.text('filename', { max: 200 })
  fields.check()
  return name
}
