import type { HttpRequest } from '../request/http-request.ts'
import type { HttpResponse } from '../response/http-response.ts'

/** Sends one attempt and resolves with whatever the server answered, whichever its status. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>

/**
 * Wraps the sending of each attempt: adds credentials, logs, measures, answers from elsewhere.
 *
 * @example
 * const authorize: HttpInterceptor = (next) => async (request) =>
 *   next({ ...request, headers: { ...request.headers, authorization: await token() } })
 */
export type HttpInterceptor = (next: HttpHandler) => HttpHandler
