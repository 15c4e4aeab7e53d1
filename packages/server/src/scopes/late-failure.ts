import type { ServerResponse } from 'node:http'
import { writeProblem } from '../problems/write-problem.ts'
import { callInRequest } from '../request/current-request.ts'
import { ServerError } from '../server-error.ts'
import type { RequestLife } from './request-life.ts'

type Arguments = readonly unknown[]

/**
 * Has a 500 that a handler gives from now on be the answer for the cancel. A framework that knows nothing of deadlines
 * (koa, fastify without an error handler of ours) makes a 500 of it, with its words: a caller would take it for a mistake
 * of the program. What the handler has failed with is not known here, and so not its outcome either.
 *
 * To be called when a request is cancelled, and so at a cost to no other one.
 */
export function answerLate(life: RequestLife): void {
  const { request, response } = life
  if (response.headersSent) return
  // Each is called with its answer.
  // oxlint-disable-next-line typescript/unbound-method
  const { writeHead, write, end } = response
  let isReplaced = false
  const restore = (): void => {
    Object.assign(response, { writeHead, write, end })
  }
  const replace = (): ServerResponse => {
    restore()
    // What it would have said of itself is not said.
    for (const name of response.getHeaderNames()) response.removeHeader(name)
    callInRequest(life.context, () => writeProblem(cancelled(), request, response))
    return response
  }
  const call = (method: unknown, args: Arguments): unknown => {
    restore()
    return Reflect.apply(method as () => unknown, response, args)
  }
  response.writeHead = ((...args: Arguments) => {
    if (args[0] !== 500) return call(writeHead, args)
    isReplaced = true
    return response
  }) as ServerResponse['writeHead']
  response.write = ((...args: Arguments) => {
    isReplaced ||= response.statusCode === 500
    // Nothing of it is sent; whoever waits for its end goes on.
    if (!isReplaced) return call(write, args)
    callBack(args)
    return true
  }) as ServerResponse['write']
  response.end = ((...args: Arguments) => {
    if (!isReplaced && response.statusCode !== 500) return call(end, args)
    response.once('finish', () => callBack(args))
    return replace()
  }) as ServerResponse['end']
}

/** The end of its time is known to who writes the answer (`currentRequest`). */
function cancelled(): ServerError {
  const init = { operation: 'handle', code: 'closed', retryable: true, outcome: 'unknown' } as const
  return new ServerError('The request was cancelled', init)
}

function callBack(args: Arguments): void {
  const done = args.at(-1)
  if (typeof done === 'function') process.nextTick(done)
}
