import { Cancelled } from '@yuzuru/concurrency'
import { writeProblem } from '../problems/write-problem.ts'
import { callInRequest } from '../request/current-request.ts'
import type { RequestLife } from './request-life.ts'

/** Answers for a handler that failed, or did not end in time. */
export function answerFailure(life: RequestLife, error: unknown): void {
  const { request, response } = life
  const isOver = Cancelled.isInstance(error) && response.destroyed
  if (isOver) return
  // All of it was written and it is its turn, and the client did not take it in time.
  const isStalled = response.writableEnded && response.socket !== null
  if (isStalled && life.scope?.cancelled === true) request.socket.destroy()
  try {
    callInRequest(life.context, () => writeProblem(error, request, response))
  } catch (failure) {
    life.fail(failure)
    request.socket.destroy()
  }
}
