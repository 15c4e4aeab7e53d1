import type { IncomingMessage, ServerResponse } from 'node:http'
import { expected } from '@yuzuru/concurrency/boundary'
import { currentRequest } from '../request/current-request.ts'
import { notFound } from '../frameworks/express-problems.ts'
import { refusalOf } from '../frameworks/refusal.ts'
import { guarded } from './guarded-body.ts'
import { bodyRefusal } from './incoming-body.ts'
import { knowNodeResponses } from './node-responses.ts'
import { problem } from '../problems/problem.ts'
import { keepFraming } from '../scopes/sound-framing.ts'
import { writeProblem } from '../problems/write-problem.ts'

/** A handler of the Web platform. */
export type FetchHandler = (request: Request) => Response | Promise<Response>

/** An app of the Web platform: hono, itty, h3, elysia. `env` has Node's own request and response. */
export interface FetchApp {
  // A method: frameworks name the type of their `env`.
  fetch(request: Request, env: never): Response | Promise<Response>
}

/**
 * A listener of Node: express, fastify's and koa's, or `(req, res) => …`. One of three parameters gets a
 * `next`, as express has it: what it is called with becomes a problem, and nothing becomes 404.
 */
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
  if (app.length > 2) return middlewareListener(app as Middleware)
  return app.length > 1
    ? nodeListener(app as NodeListener)
    : await fetchListener(app as FetchHandler)
}

function nodeListener(app: NodeListener): NodeListener {
  return (request, response) => {
    keepFraming(response)
    return app(request, response)
  }
}

/** What express makes: left to itself, it answers a failure with a page of its own, stack and all. */
type Middleware = (...args: [...Parameters<NodeListener>, (error?: unknown) => void]) => unknown

function middlewareListener(app: Middleware): NodeListener {
  return nodeListener((request, response) =>
    app(request, response, (error) => {
      if (error !== undefined && error !== null) writeProblem(refusalOf(error), request, response)
      else if (!response.headersSent) notFound(request, response)
    }),
  )
}

async function fetchListener(fetch: FetchApp['fetch']): Promise<NodeListener> {
  // First, as the adapter puts a `Response` of its own in the place of Node's, which does not know this one.
  const { RESPONSE_ALREADY_SENT } = await import('@hono/node-server/utils/response')
  const { getRequestListener } = await import('@hono/node-server')
  const listener = getRequestListener(
    (request, env) => answerOf(fetch, request, env as Bindings, RESPONSE_ALREADY_SENT),
    // What a request of HTTP/1.0 may leave out: balancers look for health so.
    { hostname: 'localhost' },
  )
  knowNodeResponses()
  return (request, response) => {
    // A handler has Node's own response as well, in `env.outgoing`.
    keepFraming(response)
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
  if (outgoing.headersSent) {
    if (isSent(response)) return alreadySent
    throw new TypeError('Expected one answer, got a second one')
  }
  const current = currentRequest()
  if (!(response.status >= 400)) return guarded(response, outgoing, current)
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
  { incoming, outgoing }: Bindings,
  alreadySent: Response,
): Response {
  if (outgoing.writableEnded) return alreadySent
  if (!outgoing.headersSent) return problem(error, request.headers.get('accept'))
  // The handler has begun to answer by itself. The adapter would add the words of the failure.
  writeProblem(error, incoming, outgoing)
  return alreadySent
}

/** Whether a handler has answered through `env.outgoing`; the adapter's own sign of it. */
function isSent(response: Response): boolean {
  return response instanceof Response && response.headers.has('x-hono-already-sent')
}
