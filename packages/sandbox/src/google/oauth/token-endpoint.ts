import { createHash, timingSafeEqual } from 'node:crypto'

import {
  grantOfAccessToken,
  grantOfToken,
  redeemCode,
  refresh,
  revokeGrant,
  type IssuedTokens,
} from './grants.ts'
import { EMAIL_SCOPES, subjectOf } from './id-token.ts'
import { noStore, OAuthFailure } from './oauth-error.ts'
import type { GoogleService } from '../core/service.ts'

/** `POST /token`: exchanges codes and refresh tokens; RFC 6749 sections 4.1.3 and 6. */
export async function tokenEndpoint(service: GoogleService, request: Request): Promise<Response> {
  return answering(async () => {
    const form = await formOf(request)
    authenticateClient(service, request, form)
    const tokens = grantTokens(service, form)
    const { accessToken, refreshToken, grant, idToken } = tokens
    return Response.json(
      {
        access_token: accessToken,
        expires_in: service.accessTokenLifetimeSeconds,
        ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
        scope: grant.scopes.join(' '),
        token_type: 'Bearer',
        ...(idToken === undefined ? {} : { id_token: idToken }),
      },
      { headers: noStore },
    )
  })
}

/**
 * `GET /tokeninfo`: what an access token may do, and whose it is.
 * Source: https://developers.google.com/identity/protocols/oauth2
 */
export async function tokenInfo(service: GoogleService, request: Request): Promise<Response> {
  return answering(() => {
    const token = new URL(request.url).searchParams.get('access_token') ?? ''
    const grant = grantOfAccessToken(service, token)
    if (!grant) throw new OAuthFailure('invalid_token', 'Invalid Value')
    const expiresAt = service.state.accessTokens[token]?.expiresAt ?? 0
    const isNamed = grant.scopes.some((scope) => EMAIL_SCOPES.includes(scope))
    return Promise.resolve(
      Response.json({
        azp: service.clientId,
        aud: service.clientId,
        sub: subjectOf(grant.email),
        scope: grant.scopes.join(' '),
        exp: String(Math.floor(expiresAt / 1000)),
        expires_in: String(Math.floor((expiresAt - service.now()) / 1000)),
        access_type: grant.refreshToken === null ? 'online' : 'offline',
        ...(isNamed ? { email: grant.email, email_verified: 'true' } : {}),
      }),
    )
  })
}

/** `POST /revoke`: ends the whole grant, by either of its tokens; RFC 7009. */
export async function revokeEndpoint(service: GoogleService, request: Request): Promise<Response> {
  return answering(async () => {
    const query = new URL(request.url).searchParams
    const token = query.get('token') ?? (await formOf(request)).get('token')
    if (!token) throw new OAuthFailure('invalid_request', 'Missing required parameter: token')
    const grant = grantOfToken(service, token)
    if (!grant || grant.revoked) throw new OAuthFailure('invalid_token', 'Token expired or revoked')
    revokeGrant(service, grant.id)
    return Response.json({}, { headers: noStore })
  })
}

function grantTokens(service: GoogleService, form: URLSearchParams): IssuedTokens {
  const grantType = required(form, 'grant_type')
  if (grantType === 'authorization_code') {
    const code = required(form, 'code')
    const redirectUri = required(form, 'redirect_uri')
    return redeemCode(service, code, redirectUri, form.get('code_verifier') ?? undefined)
  }
  if (grantType === 'refresh_token') return refresh(service, required(form, 'refresh_token'))
  throw new OAuthFailure('unsupported_grant_type', `Invalid grant_type: ${grantType}`)
}

async function answering(handle: () => Promise<Response>): Promise<Response> {
  try {
    return await handle()
  } catch (error) {
    if (error instanceof OAuthFailure) return error.toResponse()
    throw error
  }
}

async function formOf(request: Request): Promise<URLSearchParams> {
  const body = await request.text()
  const type = request.headers.get('content-type') ?? ''
  if (body !== '' && !type.startsWith('application/x-www-form-urlencoded')) {
    throw new OAuthFailure('invalid_request', 'Expected application/x-www-form-urlencoded')
  }
  const form = new URLSearchParams(body)
  const twice = [...form.keys()].find((name) => form.getAll(name).length > 1)
  if (twice !== undefined)
    throw new OAuthFailure('invalid_request', `Parameter given twice: ${twice}`)
  return form
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name)
  if (!value) throw new OAuthFailure('invalid_request', `Missing required parameter: ${name}`)
  return value
}

function authenticateClient(service: GoogleService, request: Request, form: URLSearchParams): void {
  const [scheme, basic = ''] = (request.headers.get('authorization') ?? '').split(' ', 2)
  const [user, password] =
    scheme?.toLowerCase() === 'basic'
      ? Buffer.from(basic, 'base64').toString().split(':', 2).map(decodeURIComponent)
      : [form.get('client_id'), form.get('client_secret')]
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  const known =
    user === service.clientId &&
    timingSafeEqual(digest(password ?? ''), digest(service.clientSecret))
  if (known) return
  const unknownId = user !== service.clientId
  throw new OAuthFailure(
    'invalid_client',
    unknownId ? 'The OAuth client was not found.' : 'Unauthorized',
  )
}
