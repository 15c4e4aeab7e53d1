const OWN = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i

/**
 * Why a request is not answered, or `undefined` when it is. A page elsewhere whose name was made to point
 * at this machine (DNS rebinding) names itself in `Host`; by way of a proxy here it is still this machine.
 */
export function refuseForeignHost(host: string | null | undefined): Response | undefined {
  if (OWN.test(host ?? '')) return undefined
  return new Response('This server answers to 127.0.0.1 and localhost only', { status: 421 })
}
