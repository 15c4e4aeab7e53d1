import { notFound, onError } from '@yuzuru/server/hono'
import { Hono } from 'hono'
import type { App } from './app.ts'
// #if storage
import { documentUrl } from './documents.ts'
// #end
import { createPlan, getPlan } from './plans.ts'

/** The routes. Each request has a deadline, and ends with its client, down to the query. */
export async function createWeb(app: App): Promise<Hono> {
  const web = new Hono().notFound(notFound).onError(onError)
  web.post('/plans', async (c) => {
    const plan = await createPlan(app, await c.req.json().catch(() => undefined))
    return c.json(plan, 201, { location: `/plans/${plan.id}` })
  })
  web.get('/plans/:id', async (c) => c.json(await getPlan(app, c.req.param('id'))))
  // #if storage
  web.get('/plans/:id/document', async (c) => {
    const plan = await getPlan(app, c.req.param('id'))
    return c.redirect(await documentUrl(app.storage, plan), 303)
  })
  // #end
  return web
}
