import type { ServerResponse } from 'node:http'

/** RFC 6761, 6.3: no name under `localhost` can be bound to this machine by somebody else. */
const OWN = /^(?:127\.0\.0\.1|(?:[\w.-]+\.)?localhost|\[::1\])(?::\d{1,5})?$/i

const REFUSAL = 'This server answers to 127.0.0.1 and localhost only'

/** Whether a request's `Host` is this machine's. */
export function isOwnHost(host: string | null | undefined): boolean {
  return OWN.test(host ?? '')
}

/** Answers a request for another host. */
export function answerForeignHost(response: ServerResponse): void {
  response.writeHead(421, { 'content-type': 'text/plain', connection: 'close' }).end(REFUSAL)
}

/**
 * Why a request is not answered, or `undefined` when it is. A page elsewhere whose name was made to point
 * at this machine (DNS rebinding) names itself in `Host`; by way of a proxy here it is still this machine.
 */
export function refuseForeignHost(host: string | null | undefined): Response | undefined {
  if (isOwnHost(host)) return undefined
  return new Response(REFUSAL, { status: 421 })
}
