import type { IncomingMessage, ServerResponse } from 'node:http'
import { type CloseOptions, expectOptions } from '@yuzuru/concurrency/boundary'
import {
  REQUEST_SCOPE_OPTIONS,
  type RequestScopeOptions,
  requestSettings,
} from '../request/request-options.ts'
import type { RequestLife } from './request-life.ts'
import { RequestScopes } from './request-scopes.ts'
import { cancelReading } from './end-of-reading.ts'
import { keepFraming } from './sound-framing.ts'

/** Gives each request a scope of its own; see {@link requestScope}. */
export interface RequestScope {
  /** Runs `next` in a scope of the request. */
  (request: IncomingMessage, response: ServerResponse, next: () => unknown): void
  /** The requests and the work after them that are under way. */
  readonly active: number
  /** What is under way, for the task tree and a status page: oldest first. */
  readonly requests: readonly RequestLife[]
  /**
   * Waits for what is under way for `drainMs` (7,000 by default), then cancels what is left, which has
   * `graceMs` to end. Requests that come meanwhile are still served: stop listening first. Called by one of these requests, or by work after it, it begins that and returns
   * at once.
   */
  close(options?: CloseOptions): Promise<void>
}

/**
 * Makes a middleware for a server that `serve` did not start: express, or a bare `node:http` listener. Each
 * request runs in a scope that is cancelled when its client leaves or its deadline passes, down to the query
 * and the upload that it waits for.
 *
 * @throws {TypeError} when an option is unknown or out of its range
 * @example
 * const scope = requestScope({ maxRequestMs: 10_000 })
 * app.use(scope)                                                      // express: before all others
 * createServer((req, res) => scope(req, res, () => answer(req, res))) // bare node:http
 */
export function requestScope(options: RequestScopeOptions = {}): RequestScope {
  expectOptions(options, REQUEST_SCOPE_OPTIONS, 'requestScope')
  const scopes = new RequestScopes(requestSettings(options), { cancelled: cancelReading })
  const scope = (request: IncomingMessage, response: ServerResponse, next: () => unknown): void =>
    scopes.handle(request, response, () => {
      keepFraming(response)
      return next()
    })
  return Object.defineProperties(scope, {
    active: { get: () => scopes.active },
    requests: { get: () => scopes.requests },
    close: { value: (closeOptions?: CloseOptions) => scopes.close(closeOptions) },
  }) as RequestScope
}
