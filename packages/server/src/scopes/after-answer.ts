import { Cancelled, cancelScope, moveOnAfter, withTimeout } from '@yuzuru/concurrency'
import { callInRequest } from '../request/current-request.ts'
import type { RequestLife } from './request-life.ts'

/**
 * Waits until the answer of a request has left; a client that does not take it in time, or before the server
 * ends, is cut.
 *
 * @param signal fires when the server's time is over
 */
export async function answerLeft(
  life: RequestLife,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  // As it nearly always has: the scope of the request ended with it.
  if (life.response.closed) return
  const name = `end of the answer to ${life.name}`
  const wait = (): unknown => moveOnAfter(timeoutMs, () => life.closed(), { name })
  await cancelScope(wait, { name, signal }).catch((error: unknown) => {
    if (!Cancelled.isInstance(error)) throw error
  })
  if (!life.response.closed) life.request.socket.destroy()
  await life.closed()
}

/**
 * Calls what is to be done after an answer; a failure is the request's.
 *
 * @param graceMs how long it may take to end once `signal` has fired; then it is reported and left behind
 */
export async function callAfter(
  life: RequestLife,
  fn: () => unknown,
  graceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const name = `after ${life.name}`
  const call = (): unknown => callInRequest(life.context, fn)
  const timed = (): unknown => withTimeout(Infinity, call, { name, graceMs })
  await cancelScope(timed, { name, signal }).catch((error: unknown) => life.fail(error))
}
