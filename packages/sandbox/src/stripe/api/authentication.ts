import { createHash, timingSafeEqual } from 'node:crypto'

import { StripeFailure } from './error.ts'

/**
 * Checks `Authorization: Bearer sk_…` (or Basic with the key as the user name).
 *
 * @throws StripeFailure 401, naming at most the last four characters of what was sent
 */
export function authenticate(header: string | undefined, secretKey: string): void {
  const key = keyOf(header)
  if (key === undefined) {
    throw new StripeFailure(
      401,
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
      { unstarted: true },
    )
  }
  if (!timingSafeEqual(digest(key), digest(secretKey))) {
    throw new StripeFailure(401, `Invalid API Key provided: ${masked(key)}`, { unstarted: true })
  }
}

function keyOf(header = ''): string | undefined {
  const [scheme = '', credentials = ''] = header.split(' ', 2)
  if (credentials === '') return undefined
  if (scheme.toLowerCase() === 'bearer') return credentials
  if (scheme.toLowerCase() !== 'basic') return undefined
  return Buffer.from(credentials, 'base64').toString().split(':', 1)[0]
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function masked(key: string): string {
  return key.length < 12
    ? '*'.repeat(key.length)
    : `${key.slice(0, 7)}${'*'.repeat(8)}${key.slice(-4)}`
}
