import type { IncomingMessage, ServerResponse } from 'node:http'
import { expected } from '@yuzuru/concurrency/boundary'
import { currentRequest } from '../request/current-request.ts'
import { guarded } from './guarded-body.ts'
import { bodyRefusal } from './incoming-body.ts'
import { problem } from '../problems/problem.ts'

/** A handler of the Web platform. */
export type FetchHandler = (request: Request) => Response | Promise<Response>

/** An app of the Web platform: hono, itty, h3, elysia. `env` has Node's own request and response. */
export interface FetchApp {
  // A method: frameworks name the type of their `env`.
  fetch(request: Request, env: never): Response | Promise<Response>
}

/** A listener of Node: express, fastify's and koa's, or `(req, res) => …`. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => unknown

/** What can be served. A function of at most one parameter is a {@link FetchHandler}. */
export type App = FetchApp | FetchHandler | NodeListener

/**
 * `app` as a listener of Node; loads `@hono/node-server` if it is one of the Web platform.
 *
 * @throws {TypeError} when it is neither
 */
export async function listenerOf(app: App): Promise<NodeListener> {
  if (typeof app === 'object' && app !== null && 'fetch' in app) {
    if (typeof app.fetch !== 'function') throw expected('app to have a function "fetch"', app)
    return await fetchListener((request, env) => app.fetch(request, env))
  }
  if (typeof app !== 'function') {
    throw expected('app to have fetch, or to be a function of a request', app)
  }
  // Express gives a function of three that has no `fetch`.
  return app.length > 1 ? (app as NodeListener) : await fetchListener(app as FetchHandler)
}

async function fetchListener(fetch: FetchApp['fetch']): Promise<NodeListener> {
  // First, as the adapter puts a `Response` of its own in the place of Node's, which does not know this one.
  const { RESPONSE_ALREADY_SENT } = await import('@hono/node-server/utils/response')
  const { getRequestListener } = await import('@hono/node-server')
  const listener = getRequestListener((request, env) =>
    answerOf(fetch, request, env as Bindings, RESPONSE_ALREADY_SENT),
  )
  return (request, response) => {
    const answered = listener(request, response)
    // What is there without a wait is written by now.
    return response.writableEnded ? undefined : answered
  }
}

/** What the adapter gives beside the request. */
interface Bindings {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
}

/** No promise for an answer that is there: the adapter writes it at once then. */
function answerOf(
  fetch: FetchApp['fetch'],
  request: Request,
  env: Bindings,
  alreadySent: Response,
): Response | Promise<Response> {
  try {
    const response = fetch(request, env as never)
    if ('then' in response) return awaited(response, request, env, alreadySent)
    return inTime(response, env, alreadySent)
  } catch (error) {
    return instead(error, request, env, alreadySent)
  }
}

async function awaited(
  answer: Promise<Response>,
  request: Request,
  env: Bindings,
  alreadySent: Response,
): Promise<Response> {
  try {
    return inTime(await answer, env, alreadySent)
  } catch (error) {
    return instead(error, request, env, alreadySent)
  }
}

function inTime(
  response: Response,
  { incoming, outgoing }: Bindings,
  alreadySent: Response,
): Response {
  // The handler did not end in time: the scope has answered without it.
  if (outgoing.writableEnded) return alreadySent
  const current = currentRequest()
  if (response.status < 400) return guarded(response, outgoing, current)
  // A framework that knows nothing of deadlines makes a 500 of the cancel.
  if (response.status === 500 && current?.expired === true)
    throw new Error('The deadline has passed')
  const refusal = bodyRefusal(incoming)
  if (refusal !== undefined) throw refusal
  return guarded(response, outgoing, current)
}

function instead(
  error: unknown,
  request: Request,
  { outgoing }: Bindings,
  alreadySent: Response,
): Response {
  return outgoing.writableEnded ? alreadySent : problem(error, request.headers.get('accept'))
}
