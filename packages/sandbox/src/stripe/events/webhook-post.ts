import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

/**
 * Posts one delivery on its own connection, so that nothing is left open when the receiver closes.
 *
 * @returns the status of the reply; redirects are not followed, as Stripe follows none
 * @throws when there is no reply within `timeoutMs`
 */
export function postWebhook(
  url: string,
  body: string,
  signature: string,
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<number> {
  const post = url.startsWith('https:') ? httpsRequest : httpRequest
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)])
  return new Promise((resolve, reject) => {
    const request = post(
      url,
      {
        method: 'POST',
        agent: false,
        signal,
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'content-length': Buffer.byteLength(body),
          'stripe-signature': signature,
          'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        },
      },
      (response) => {
        response.resume()
        response.once('end', () => resolve(response.statusCode ?? 0))
        response.once('error', reject)
      },
    )
    request.once('error', reject)
    request.end(body)
  })
}
