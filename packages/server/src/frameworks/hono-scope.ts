import type { IncomingMessage, ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context, MiddlewareHandler } from 'hono'
import { type CloseOptions, expected } from '@yuzuru/concurrency/boundary'
import { problem } from '../problems/problem.ts'
import { currentRequest } from '../request/current-request.ts'
import type { RequestScopeOptions } from '../request/request-options.ts'
import { type RequestScope, requestScope as nodeScope } from '../scopes/request-scope.ts'
import { answerEnded } from './answer-ended.ts'

/** A middleware of hono that gives each request a scope of its own; see {@link requestScope}. */
export interface HonoRequestScope
  extends MiddlewareHandler, Pick<RequestScope, 'active' | 'requests' | 'close'> {}

/** What `@hono/node-server` gives an app. */
interface NodeBindings {
  readonly incoming?: IncomingMessage
  /** Not there for the upgrade of a WebSocket. */
  readonly outgoing?: ServerResponse
}

/**
 * Makes a middleware for a hono app that something else serves, through `@hono/node-server`: `app.use(scope)`
 * before all others. Each request runs in a scope that its client's leaving and its deadline cancel; it ends
 * when the answer has left. For an app that `serve` of `@yuzuru/server` serves it is not needed.
 *
 * A WebSocket gets no scope: its life is not that of a request. Where there is no Node below (`app.request`
 * of a test, an edge runtime), each request fails with a `TypeError`, as nothing there tells when an answer
 * has left; `inject` of `@yuzuru/server/testing` is for tests.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @example
 * const scope = requestScope({ maxRequestMs: 10_000 })
 * const app = new Hono().use(scope).notFound(notFound).onError(onError)
 * const server = createAdaptorServer(app).listen(3000)
 */
export function requestScope(options: RequestScopeOptions = {}): HonoRequestScope {
  const scope = nodeScope(options)
  const middleware: MiddlewareHandler = async (c, next) => {
    const { incoming, outgoing } = (c.env ?? {}) as NodeBindings
    if (incoming === undefined) {
      throw expected('c.env to have incoming and outgoing of @hono/node-server', c.env)
    }
    if (outgoing === undefined) return await next()
    return await new Promise((resolve) => {
      // By then it is given, or was given by the scope itself: too many requests, or no end in time.
      outgoing.once('close', () => resolve(RESPONSE_ALREADY_SENT))
      scope(incoming, outgoing, async () => {
        await next()
        settle(c)
        resolve()
        await answerEnded(outgoing)
      })
    })
  }
  return Object.defineProperties(middleware, {
    active: { get: () => scope.active },
    requests: { get: () => scope.requests },
    close: { value: (closeOptions?: CloseOptions) => scope.close(closeOptions) },
  }) as HonoRequestScope
}

/** What the scope knows more of a failure than the app's own `onError`. */
function settle(c: Context): void {
  if (c.error === undefined) return
  const request = currentRequest()
  // A handler of errors that knows nothing of deadlines makes a 500 of the cancel.
  const isLate = c.res.status === 500 && request?.expired === true
  if (isLate) c.res = problem(c.error, c.req.header('accept'))
  else if (c.res.status === 500 || c.res.status === 502) request?.fail(c.error)
}
