import { ServerResponse } from 'node:http'

/*
 * Earlier versions of Node 24 (24.12) write an interim answer (100, 102, 103) behind the head as well, and so into the body:
 * the client reads the next answer from the middle of this one. Later versions throw.
 */

const NAMES = ['writeContinue', 'writeProcessing', 'writeEarlyHints'] as const

/** Whether Node looks itself: it came with the method that writes them all. */
const NODE_LOOKS = 'writeInformation' in ServerResponse.prototype

type Method = (...args: readonly unknown[]) => void

/**
 * Has an answer throw on an interim one behind its head, as later versions of Node do.
 *
 * To be called when all else that watches over the answer is in its place.
 */
export function refuseLateInterim(response: ServerResponse, nodeLooks: boolean = NODE_LOOKS): void {
  // HTTP/1.0 is sent none at all.
  if (nodeLooks || response.req.httpVersionMinor === 0) return
  for (const name of NAMES) {
    const write = response[name] as Method
    response[name] = (...given: readonly unknown[]): void => {
      if (response.headersSent) throw tooLate()
      Reflect.apply(write, response, given)
    }
  }
}

function tooLate(): Error {
  const error = new Error('Cannot write an interim answer behind the head of the answer')
  return Object.assign(error, { code: 'ERR_HTTP_HEADERS_SENT' })
}
