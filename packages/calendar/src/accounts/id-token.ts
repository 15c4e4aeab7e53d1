/** Whose account it is, by Google's word. */
export interface Identity {
  /** Google's number of the account, which stays when the address changes. */
  readonly subject: string
  readonly email: string | undefined
}

const ISSUERS: ReadonlySet<unknown> = new Set([
  'https://accounts.google.com',
  'accounts.google.com',
])

/** How far the clocks may be apart. */
const LEEWAY_MS = 300_000

/**
 * Reads the id token that came with tokens. It came from Google's token endpoint itself over TLS, so its
 * signature need not be checked: OpenID Connect Core 1.0, 3.1.3.7, point 6.
 *
 * @returns `undefined` for a token that is not for this client, is too old, or is none
 */
export function identityOf(idToken: string, clientId: string, now: number): Identity | undefined {
  const claims = claimsOf(idToken)
  const { iss, aud, exp, sub, email } = claims
  const audience = Array.isArray(aud) ? aud : [aud]
  if (!ISSUERS.has(iss) || !audience.includes(clientId)) return undefined
  if (typeof exp !== 'number' || exp * 1_000 < now - LEEWAY_MS) return undefined
  if (typeof sub !== 'string' || sub === '') return undefined
  return { subject: sub, email: typeof email === 'string' ? email : undefined }
}

function claimsOf(idToken: string): Readonly<Record<string, unknown>> {
  const [, payload = ''] = idToken.split('.')
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return typeof claims === 'object' && claims !== null ? { ...claims } : {}
  } catch {
    return {}
  }
}
