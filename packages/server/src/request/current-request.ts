import { AsyncLocalStorage } from 'node:async_hooks'
import type { Outcome } from '@yuzuru/concurrency'
import { expectFunction } from '@yuzuru/concurrency/boundary'
import type { TraceContext } from './trace-context.ts'

/** What a handler, and all that it calls, can know of the request around it. */
export interface CurrentRequest {
  /**
   * The request's id: taken from `x-request-id`, or else that of its trace if the trace begins here, or made. It
   * stands in the log line and in error answers.
   */
  readonly id: string
  /** `GET /plans/:id`; also the name of its scope. */
  readonly name: string
  readonly trace: TraceContext
  /** Whether its deadline has passed. */
  readonly expired: boolean
  /** Whether it was cancelled: by its deadline, its client's leaving or the end of the server. */
  readonly cancelled: boolean
  /** Whether something that it has done so far may have had an effect; `'none'` is a promise. */
  readonly outcome: Outcome
  /** Notes work for after the answer; see {@link afterResponse}. */
  after(fn: () => unknown): void
  /** Sets the error that is logged with this request. */
  fail(error: unknown): void
}

const storage = new AsyncLocalStorage<CurrentRequest>()

/**
 * The request around the caller, for its id, trace and name; `undefined` outside of one.
 *
 * @example
 * log.warn({ requestId: currentRequest()?.id })
 */
export function currentRequest(): CurrentRequest | undefined {
  return storage.getStore()
}

/** Calls `fn` with `request` around it, and around all that it starts. */
export function callInRequest<T>(request: CurrentRequest, fn: () => T): T {
  return storage.run(request, fn)
}

/**
 * Has `request` around the rest of the callback that runs now, and around all that it starts: to be called
 * first thing in a scope, at whose end the context is put back. `run` copies the context twice (decision 51).
 */
export function enterRequest(request: CurrentRequest): void {
  storage.enterWith(request)
}

/**
 * Calls `fn` once the answer has been sent, or the client has left: for work that must outlive the request. It
 * runs in a scope of the server, in which neither the client nor the request's deadline cancels it. `close()`
 * waits for it, and cancels it when its time is over. A failure goes to the log.
 *
 * It is lost if the process dies: for what must happen use `enqueue` of `@yuzuru/jobs`.
 *
 * @throws {TypeError} outside of a request, or when `fn` is not a function
 * @example
 * afterResponse(() => statistics.note(plan.id))
 * return Response.json(plan)
 */
export function afterResponse(fn: () => unknown): void {
  expectFunction('fn', fn)
  const request = storage.getStore()
  if (request === undefined) throw new TypeError('Expected afterResponse to be called in a request')
  request.after(fn)
}
