import { AsyncLocalStorage } from 'node:async_hooks'
import type { FastifyInstance, FastifyPluginCallback, FastifyRequest } from 'fastify'
import { expectMilliseconds } from '@yuzuru/concurrency/boundary'
import { DRAIN_MS, type RequestScopeOptions } from '../request/request-options.ts'
import { type RequestScope, requestScope as nodeScope } from '../scopes/request-scope.ts'
import { answerEnded } from './answer-ended.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What is under way, once the plugin `requestScope` of `@yuzuru/server/fastify` is registered. */
    readonly requestScope: Pick<RequestScope, 'active' | 'requests' | 'close'>
  }
}

/** Options of the plugin {@link requestScope}. */
export interface FastifyScopeOptions extends RequestScopeOptions {
  /**
   * How long requests under way, and the work after them, may go on once the app is closed, in milliseconds
   * from 0 up. @default 7_000
   */
  readonly drainMs?: number | undefined
}

/**
 * A plugin for a fastify app: register it before all others. Each request runs in a scope that its client's
 * leaving and its deadline cancel; it ends when the answer has left. `app.close()` waits for what is under
 * way, and cancels what is left after `drainMs`.
 *
 * @throws {TypeError} at registration, when an option is unknown or out of its range
 * @example
 * await app.register(requestScope, { maxRequestMs: 10_000 })
 * app.setErrorHandler(onError).setNotFoundHandler(notFound)
 */
export const requestScope: FastifyPluginCallback<FastifyScopeOptions> = Object.assign(
  (app: FastifyInstance, options: FastifyScopeOptions, done: (error?: Error) => void): void => {
    try {
      addScope(app, options)
      done()
    } catch (error) {
      done(error as Error)
    }
  },
  {
    // What `fastify-plugin` sets: the hooks are for the whole app, not for a part of it.
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: '@yuzuru/server',
    [Symbol.for('plugin-meta')]: { name: '@yuzuru/server', fastify: '5.x' },
  },
)

function addScope(
  app: FastifyInstance,
  { drainMs = DRAIN_MS, ...options }: FastifyScopeOptions,
): void {
  expectMilliseconds('drainMs', drainMs)
  const scope = nodeScope(options)
  app.decorate('requestScope', scope)
  const contexts = new WeakMap<FastifyRequest, (fn: () => void) => void>()
  app.addHook('onRequest', (request, { raw }, next) => {
    scope(request.raw, raw, async () => {
      contexts.set(request, AsyncLocalStorage.snapshot())
      next()
      await answerEnded(raw)
    })
  })
  app.addHook('preValidation', (request, _reply, next) => {
    // A hook that has listened to the body's events goes on in the context of the connection.
    const inContext = contexts.get(request)
    if (inContext === undefined) next()
    else inContext(next)
  })
  let closed: Promise<void> | undefined
  app.addHook('preClose', (next) => {
    // Fastify waits for what is under way before it calls `onClose`; this is what ends it.
    closed = scope.close({ drainMs })
    next()
  })
  app.addHook('onClose', async () => await (closed ?? scope.close({ drainMs })))
}
