import { AsyncLocalStorage } from 'node:async_hooks'
import { expectFunction } from '@yuzuru/concurrency/boundary'
import type { TraceContext } from './trace-context.ts'

/** What a handler, and all that it calls, can know of the request around it. */
export interface CurrentRequest {
  /** The request's id: taken from `x-request-id`, or made. It stands in the log line and in error answers. */
  readonly id: string
  /** `GET /plans/:id`; also the name of its scope. */
  readonly name: string
  readonly trace: TraceContext
  /** Whether its deadline has passed. */
  readonly expired: boolean
  /** Whether it was cancelled: by its deadline, its client's leaving or the end of the server. */
  readonly cancelled: boolean
  /** Notes work for after the answer; see {@link afterResponse}. */
  after(fn: () => unknown): void
  /** Notes what the answer failed with, for the log. */
  fail(error: unknown): void
}

const storage = new AsyncLocalStorage<CurrentRequest>()

/** The request around the caller; `undefined` outside of one. */
export function currentRequest(): CurrentRequest | undefined {
  return storage.getStore()
}

/** Calls `fn` with `request` around it, and around all that it starts. */
export function callInRequest<T>(request: CurrentRequest, fn: () => T): T {
  return storage.run(request, fn)
}

/**
 * Has `fn` called once the answer has left, or its client has: work that must outlive the request. It runs
 * in a scope of the server, in which neither the client nor the request's deadline cancels it. `close()`
 * waits for it, and cancels it when its time is over. A failure goes to the log.
 *
 * It is lost if the process dies. What must happen belongs into a job.
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
