import { Hono } from 'hono'
import type { App } from '../app.ts'
import { allow, staffOf } from '../web/access.ts'
import type { Environment } from '../web/environment.ts'
import { withNotice } from '../web/notices.ts'
import { onceFor } from '../web/once.ts'
import { orProblems } from '../web/or-problems.ts'
import { readForm } from '../web/read-form.ts'
import { requestsPage } from './requests-page.tsx'
import { decideRequest, fileRequest, listNotices, listRequests, readDecision } from './requests.ts'

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
    const input = await readForm(c)
    const act = async (): Promise<Response> => {
      const decision = readDecision(c.req.param('id'), input)
      await decideRequest(app, staffOf(c), decision)
      return c.redirect(withNotice('/requests', `request-${decision.status}`))
    }
    return await orProblems(c, act, (problems) => requestsPage(app, c, {}, problems))
  })

  return routes
}
