import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

import { idTokenFor } from './id-token.ts'
import { OAuthFailure } from './oauth-error.ts'
import type { GoogleService } from '../core/service.ts'
import { entry, type AuthorizationCode, type GoogleGrant } from '../core/state.ts'

export type CodeRequest = Omit<AuthorizationCode, 'expiresAt' | 'grant'>

/** Makes an authorization code; it lives ten minutes and works once. */
export function newCode(service: GoogleService, request: CodeRequest): string {
  const code = `4/${secret(32)}`
  service.state.codes[code] = { ...request, expiresAt: service.now() + 600_000, grant: null }
  return code
}

export interface IssuedTokens {
  readonly accessToken: string
  readonly refreshToken: string | null
  readonly grant: GoogleGrant
  /** For a grant with `openid`. */
  readonly idToken: string | undefined
}

/** The most refresh tokens of one account: another one ends the oldest, without a word. */
const MOST_REFRESH_TOKENS = 100

/** A refresh token that is not used for so long works no more: six months. */
const IDLE_MS = 182 * 86_400_000

/**
 * Exchanges a code. A second use revokes what the first one gave: RFC 6749 section 4.1.2.
 *
 * @throws OAuthFailure `invalid_grant`, or `redirect_uri_mismatch`
 */
export function redeemCode(
  service: GoogleService,
  code: string,
  redirectUri: string,
  verifier: string | undefined,
): IssuedTokens {
  const { state } = service
  const found = entry(state.codes, code)
  if (!found || found.expiresAt <= service.now())
    throw new OAuthFailure('invalid_grant', 'Malformed auth code.')
  if (found.grant !== null) {
    revokeGrant(service, found.grant)
    throw new OAuthFailure('invalid_grant', 'Bad Request')
  }
  if (found.redirectUri !== redirectUri)
    throw new OAuthFailure('redirect_uri_mismatch', 'Bad Request')
  if (!found.challenge && verifier !== undefined) {
    throw new OAuthFailure('invalid_grant', 'code_verifier or verifier is not needed.')
  }
  if (found.challenge && !proves(verifier, found.challenge)) {
    throw new OAuthFailure(
      'invalid_grant',
      verifier === undefined ? 'Missing code verifier.' : 'Invalid code verifier.',
    )
  }
  // Like Google: a refresh token comes with the first consent, or when consent is asked for again.
  const knownBefore = Object.values(state.grants).some(
    (grant) => grant.email === found.email && !grant.revoked && grant.refreshToken !== null,
  )
  const grant: GoogleGrant = {
    id: secret(12),
    email: found.email,
    scopes: found.incremental
      ? [...new Set([...found.scopes, ...allowedBefore(service, found.email)])]
      : found.scopes,
    revoked: false,
    refreshToken: found.offline && (found.consent || !knownBefore) ? `1//${secret(40)}` : null,
    refreshes: 0,
    usedAt: service.now(),
  }
  state.grants[grant.id] = grant
  found.grant = grant.id
  dropOldest(service, grant.email)
  const idToken = idTokenFor(service, grant, found.nonce)
  return {
    accessToken: newAccessToken(service, grant),
    refreshToken: grant.refreshToken,
    grant,
    idToken,
  }
}

/**
 * Uses a refresh token. With rotation on, the reply carries its successor and the old one is dead.
 *
 * @throws OAuthFailure `invalid_grant`
 */
export function refresh(service: GoogleService, refreshToken: string): IssuedTokens {
  const grant = Object.values(service.state.grants).find(
    (candidate) => candidate.refreshToken === refreshToken && !candidate.revoked,
  )
  if (!grant || grant.usedAt + IDLE_MS <= service.now()) {
    throw new OAuthFailure('invalid_grant', 'Token has been expired or revoked.')
  }
  grant.refreshes += 1
  grant.usedAt = service.now()
  const rotates = service.rotateEvery > 0 && grant.refreshes % service.rotateEvery === 0
  if (rotates) grant.refreshToken = `1//${secret(40)}`
  return {
    accessToken: newAccessToken(service, grant),
    refreshToken: rotates ? grant.refreshToken : null,
    grant,
    idToken: idTokenFor(service, grant, null),
  }
}

/** The grant behind an access token, or undefined when the token is unknown, expired or revoked. */
export function grantOfAccessToken(service: GoogleService, token: string): GoogleGrant | undefined {
  const found = entry(service.state.accessTokens, token)
  if (!found || found.expiresAt <= service.now()) return undefined
  const grant = service.state.grants[found.grant]
  return grant?.revoked ? undefined : grant
}

/** The grant of an access or a refresh token, whether it still works or not. */
export function grantOfToken({ state }: GoogleService, token: string): GoogleGrant | undefined {
  const id = entry(state.accessTokens, token)?.grant
  if (id !== undefined) return state.grants[id]
  return Object.values(state.grants).find((grant) => grant.refreshToken === token)
}

/** Ends a grant and every token of it. */
export function revokeGrant({ state }: GoogleService, id: string): void {
  const grant = state.grants[id]
  if (grant) grant.revoked = true
  for (const [token, { grant: owner }] of Object.entries(state.accessTokens)) {
    if (owner === id) delete state.accessTokens[token]
  }
}

function allowedBefore({ state }: GoogleService, email: string): string[] {
  return Object.values(state.grants)
    .filter((grant) => grant.email === email && !grant.revoked)
    .flatMap((grant) => grant.scopes)
}

/** Source: https://developers.google.com/identity/protocols/oauth2#expiration */
function dropOldest({ state }: GoogleService, email: string): void {
  const living = Object.values(state.grants).filter(
    (grant) => grant.email === email && !grant.revoked && grant.refreshToken !== null,
  )
  const [oldest] = living.toSorted((a, b) => a.usedAt - b.usedAt)
  if (oldest && living.length > MOST_REFRESH_TOKENS) oldest.refreshToken = null
}

function newAccessToken(service: GoogleService, grant: GoogleGrant): string {
  const token = `ya29.${secret(40)}`
  const expiresAt = service.now() + service.accessTokenLifetimeSeconds * 1000
  service.state.accessTokens[token] = { grant: grant.id, expiresAt }
  return token
}

function proves(
  verifier: string | undefined,
  challenge: NonNullable<AuthorizationCode['challenge']>,
): boolean {
  // RFC 7636 section 4.1: 43 to 128 unreserved characters.
  if (verifier === undefined || !/^[\w.~-]{43,128}$/.test(verifier)) return false
  const given =
    challenge.method === 'plain'
      ? verifier
      : createHash('sha256').update(verifier).digest('base64url')
  const [a, b] = [Buffer.from(given), Buffer.from(challenge.value)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function secret(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}
