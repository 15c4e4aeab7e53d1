import { createHmac } from 'node:crypto'

/**
 * The `Stripe-Signature` header: HMAC-SHA256 of `<timestamp>.<payload>` under the endpoint's secret.
 * Source: https://docs.stripe.com/webhooks#verify-manually
 *
 * @param timestamp seconds since 1970
 */
export function signatureHeader(payload: string, secret: string, timestamp: number): string {
  const signature = createHmac('sha256', secret).update(`${timestamp}.${payload}`).digest('hex')
  return `t=${timestamp},v1=${signature}`
}
