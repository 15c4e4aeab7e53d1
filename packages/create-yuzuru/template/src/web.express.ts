import { notFound, onError } from '@yuzuru/server/node'
import express, { type Express } from 'express'
import type { App } from './app.ts'
// #if storage
import { documentUrl } from './documents.ts'
// #end
import { createPlan, getPlan } from './plans.ts'

/** The routes. Each request has a deadline, and ends with its client, down to the query. */
export async function createWeb(app: App): Promise<Express> {
  const web = express().use(express.json())
  web.post('/plans', async (request, response) => {
    const plan = await createPlan(app, request.body)
    response.status(201).location(`/plans/${plan.id}`).json(plan)
  })
  web.get('/plans/:id', async (request, response) => {
    response.json(await getPlan(app, request.params.id))
  })
  // #if storage
  web.get('/plans/:id/document', async (request, response) => {
    const plan = await getPlan(app, request.params.id)
    response.redirect(303, await documentUrl(app.storage, plan))
  })
  // #end
  return web.use(notFound, onError)
}
