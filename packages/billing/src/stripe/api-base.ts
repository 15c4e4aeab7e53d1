import { expected } from '@yuzuru/concurrency/boundary'

/** Where Stripe's API is, as stripe-node wants it. */
export interface ApiBase {
  readonly host: string
  readonly port: number
  readonly protocol: 'http' | 'https'
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * @throws {TypeError} unless it is an origin to which the secret key goes encrypted, or on this machine
 */
export function parseApiBase(value: unknown): ApiBase {
  const given: unknown = value instanceof URL ? value.href : (value ?? 'https://api.stripe.com')
  const url = typeof given === 'string' ? URL.parse(given) : null
  if (url === null || `${url.origin}/` !== url.href) {
    throw expected('apiBase to be an origin like https://api.stripe.com', given)
  }
  const protocol = url.protocol.slice(0, -1)
  if (protocol !== 'http' && protocol !== 'https') {
    throw new TypeError('Expected apiBase to be https:, got another scheme')
  }
  if (protocol === 'http' && !LOOPBACK.has(url.hostname)) {
    throw new TypeError('Expected apiBase to be https: except on this machine, got http:')
  }
  const port = url.port === '' ? (protocol === 'http' ? 80 : 443) : Number(url.port)
  return { host: url.hostname, port, protocol }
}
