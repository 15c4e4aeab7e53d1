import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'

import type { GoogleService } from '../core/service.ts'
import type { GoogleGrant } from '../core/state.ts'

const ISSUER = 'https://accounts.google.com'

/** With one of these a client learns the account's address. */
export const EMAIL_SCOPES: readonly string[] = [
  'email',
  'https://www.googleapis.com/auth/userinfo.email',
]

/**
 * The id token of a grant with `openid`: a JWT by RS256.
 * Source: https://developers.google.com/identity/openid-connect/openid-connect
 */
export function idTokenFor(
  service: GoogleService,
  { email, scopes }: GoogleGrant,
  nonce: string | null,
): string | undefined {
  if (!scopes.includes('openid')) return undefined
  const issuedAt = Math.floor(service.now() / 1000)
  const isNamed = scopes.some((scope) => EMAIL_SCOPES.includes(scope))
  const claims = {
    iss: ISSUER,
    azp: service.clientId,
    aud: service.clientId,
    sub: subjectOf(email),
    ...(isNamed ? { email, email_verified: true } : {}),
    ...(nonce === null ? {} : { nonce }),
    iat: issuedAt,
    exp: issuedAt + 3600,
  }
  const key = keyOf(service)
  const text = [{ alg: 'RS256', kid: kidOf(key), typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`
}

/** `GET /oauth2/v3/certs`: the key that id tokens are checked with, as a JWK set (RFC 7517). */
export function certificates(service: GoogleService): Response {
  const key = keyOf(service)
  const { kty, n, e } = createPublicKey(key).export({ format: 'jwk' })
  return Response.json({
    keys: [{ kty, n, e, alg: 'RS256', use: 'sig', kid: kidOf(key) }],
  })
}

/** An account's number, which stays when its address changes. */
export function subjectOf(email: string): string {
  const hash = createHash('sha256').update(email).digest()
  return `1${(hash.readBigUInt64BE() % 10n ** 20n).toString().padStart(20, '0')}`
}

function keyOf({ state }: GoogleService): KeyObject {
  state.idTokenKey ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    format: 'pem',
    type: 'pkcs8',
  })
  return createPrivateKey(state.idTokenKey)
}

function kidOf(key: KeyObject): string {
  const { n = '' } = createPublicKey(key).export({ format: 'jwk' })
  return createHash('sha256').update(n).digest('hex').slice(0, 40)
}
