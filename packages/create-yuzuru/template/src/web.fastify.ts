import type { NodeListener } from '@yuzuru/server'
import { notFound, onError } from '@yuzuru/server/fastify'
import { fastify } from 'fastify'
import type { App } from './app.ts'
// #if storage
import { documentUrl } from './documents.ts'
// #end
import { createPlan, getPlan } from './plans.ts'

interface OfPlan {
  readonly Params: { readonly id: string }
}

/** The routes. Each request has a deadline, and ends with its client, down to the query. */
export async function createWeb(app: App): Promise<NodeListener> {
  const web = fastify()
  web.setErrorHandler(onError)
  web.setNotFoundHandler(notFound)
  web.post('/plans', async (request, reply) => {
    const plan = await createPlan(app, request.body)
    return await reply.code(201).header('location', `/plans/${plan.id}`).send(plan)
  })
  web.get<OfPlan>('/plans/:id', async ({ params }) => await getPlan(app, params.id))
  // #if storage
  web.get<OfPlan>('/plans/:id/document', async ({ params }, reply) => {
    const plan = await getPlan(app, params.id)
    return await reply.redirect(await documentUrl(app.storage, plan), 303)
  })
  // #end
  await web.ready()
  return (request, response) => web.routing(request, response)
}
