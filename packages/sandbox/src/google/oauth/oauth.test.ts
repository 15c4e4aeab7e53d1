import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { auth, calendar } from '@googleapis/calendar'
import { describe, expect, test } from 'vitest'

import { startGoogle, type GoogleServer } from '../server.ts'

const scopes = ['https://www.googleapis.com/auth/calendar.events']
const email = 'hana@example.com'
const redirectUri = 'http://127.0.0.1:1/oauth/callback'

/** Posts to the token endpoint as a client does; `change` replaces or (as '') removes fields. */
async function exchange(
  server: GoogleServer,
  fields: Record<string, string>,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const all = { client_id: server.clientId, client_secret: server.clientSecret, ...fields }
  const response = await fetch(server.tokenUrl, { method: 'POST', body: new URLSearchParams(all) })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const byCode = (code: string, more: Record<string, string> = {}): Record<string, string> => ({
  grant_type: 'authorization_code',
  code,
  redirect_uri: redirectUri,
  ...more,
})

const byRefresh = (token: string): Record<string, string> => ({
  grant_type: 'refresh_token',
  refresh_token: token,
})

function consentUrl(server: GoogleServer, change: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    client_id: server.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: scopes.join(' '),
    access_type: 'offline',
    prompt: 'consent',
    state: 's"><script>',
    ...change,
  })
  return `${server.authUrl}?${query.toString()}`
}

/** Presses a button of the consent page, as a browser would: with what its form holds. */
async function decide(server: GoogleServer, url: string, decision: string): Promise<URL> {
  const page = await (await fetch(url)).text()
  const form = new URLSearchParams({ email, decision })
  for (const [, name = '', value = ''] of page.matchAll(
    /type="hidden" name="([^"]+)" value="([^"]*)"/g,
  )) {
    form.set(
      name,
      value
        .replaceAll('&quot;', '"')
        .replaceAll('&gt;', '>')
        .replaceAll('&lt;', '<')
        .replaceAll('&amp;', '&'),
    )
  }
  const reply = await fetch(server.authUrl, { method: 'POST', body: form, redirect: 'manual' })
  return new URL(reply.headers.get('location') ?? '')
}

describe('the consent page', () => {
  test('shows what is asked, escaped, and sends the person back with a code and the state', async () => {
    await using server = await startGoogle()
    const url = consentUrl(server)
    const page = await fetch(url)
    const html = await page.text()
    expect(page.status).toBe(200)
    expect(html).toContain(scopes[0])
    expect(html).not.toContain('<script>')
    const location = await decide(server, url, 'allow')
    expect(location.origin + location.pathname).toBe(redirectUri)
    expect(location.searchParams.get('state')).toBe('s"><script>')
    const { status, body } = await exchange(server, byCode(location.searchParams.get('code') ?? ''))
    expect(status).toBe(200)
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: scopes.join(' ') })
    expect(body['refresh_token']).toBeTypeOf('string')
  })

  test('a refusal comes back as access_denied', async () => {
    await using server = await startGoogle()
    const location = await decide(server, consentUrl(server), 'deny')
    expect(location.searchParams.get('error')).toBe('access_denied')
    expect(location.searchParams.has('code')).toBe(false)
  })

  test.each([
    ['another client', { client_id: 'someone' }],
    ['a redirect URI that is not registered', { redirect_uri: 'http://evil.example/' }],
    ['no scope', { scope: '' }],
    ['another response type', { response_type: 'token' }],
  ])('%s gets a page, never a redirect', async (_name, change) => {
    await using server = await startGoogle({ redirectUris: [redirectUri] })
    const page = await fetch(consentUrl(server, change), { redirect: 'manual' })
    expect(page.status).toBe(400)
  })
})

describe('the token endpoint', () => {
  test('a code works once; its second use revokes what the first one gave', async () => {
    await using server = await startGoogle()
    const code = await server.issueCode({ email, scopes, redirectUri })
    const first = await exchange(server, byCode(code))
    expect(first.status).toBe(200)
    const second = await exchange(server, byCode(code))
    expect(second).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    const refresh = await exchange(server, byRefresh(first.body['refresh_token'] as string))
    expect(refresh).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  test('a code lives ten minutes', async () => {
    let now = Date.UTC(2026, 3, 1)
    await using server = await startGoogle({ now: () => now })
    const code = await server.issueCode({ email, scopes, redirectUri })
    now += 600_000
    expect(await exchange(server, byCode(code))).toMatchObject({ body: { error: 'invalid_grant' } })
  })

  test('PKCE: only the verifier of the challenge redeems the code', async () => {
    await using server = await startGoogle()
    const verifier = 'v'.repeat(43)
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    const url = consentUrl(server, { code_challenge: challenge, code_challenge_method: 'S256' })
    const code = (await decide(server, url, 'allow')).searchParams.get('code') ?? ''
    const refused = { status: 400, body: { error: 'invalid_grant' } }
    expect(await exchange(server, byCode(code))).toMatchObject(refused)
    const wrong = byCode(code, { code_verifier: 'w'.repeat(43) })
    expect(await exchange(server, wrong)).toMatchObject(refused)
    const right = await exchange(server, byCode(code, { code_verifier: verifier }))
    expect(right.status).toBe(200)
  })

  test.each([
    ['a wrong client secret', { client_secret: 'wrong' }, 401, 'invalid_client'],
    ['an unknown client', { client_id: 'someone' }, 401, 'invalid_client'],
    ['another redirect URI', { redirect_uri: 'http://127.0.0.1:2/' }, 400, 'redirect_uri_mismatch'],
    ['no code', { code: '' }, 400, 'invalid_request'],
    ['an unknown grant type', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
  ])('%s is refused', async (_name, change, status, error) => {
    await using server = await startGoogle()
    const code = await server.issueCode({ email, scopes, redirectUri })
    const reply = await exchange(server, { ...byCode(code), ...change })
    expect(reply).toMatchObject({ status, body: { error } })
    expect((await exchange(server, byCode(code))).status).toBe(200)
  })

  test('with rotation a refresh gives a new refresh token and kills the old one', async () => {
    await using server = await startGoogle({ rotateRefreshTokens: true })
    const { refreshToken } = await server.issueTokens({ email, scopes })
    const first = await exchange(server, byRefresh(refreshToken))
    const rotated = first.body['refresh_token'] as string
    expect(rotated).not.toBe(refreshToken)
    const old = await exchange(server, byRefresh(refreshToken))
    expect(old).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect((await exchange(server, byRefresh(rotated))).status).toBe(200)
  })

  test('rotation every second time replaces the token on the second refresh', async () => {
    await using server = await startGoogle({ rotateRefreshTokens: 2 })
    const { refreshToken } = await server.issueTokens({ email, scopes })
    const first = await exchange(server, byRefresh(refreshToken))
    expect(first.body).not.toHaveProperty('refresh_token')
    const second = await exchange(server, byRefresh(refreshToken))
    expect(second.body).toHaveProperty('refresh_token')
  })

  test('without rotation the refresh token stays', async () => {
    await using server = await startGoogle()
    const { refreshToken } = await server.issueTokens({ email, scopes })
    for (let round = 0; round < 3; round++) {
      const { status, body } = await exchange(server, byRefresh(refreshToken))
      expect(status).toBe(200)
      expect(body).not.toHaveProperty('refresh_token')
    }
  })

  test('a second consent without prompt=consent gives no refresh token', async () => {
    await using server = await startGoogle()
    await server.issueTokens({ email, scopes })
    const location = await decide(server, consentUrl(server, { prompt: '' }), 'allow')
    const { body } = await exchange(server, byCode(location.searchParams.get('code') ?? ''))
    expect(body).toHaveProperty('access_token')
    expect(body).not.toHaveProperty('refresh_token')
  })
})

describe('revocation', () => {
  test('revoking either token ends the whole grant; a second time it is invalid_token', async () => {
    await using server = await startGoogle()
    const { accessToken, refreshToken } = await server.issueTokens({ email, scopes })
    const oauth = new auth.OAuth2({
      clientId: server.clientId,
      clientSecret: server.clientSecret,
      endpoints: { oauth2RevokeUrl: server.revokeUrl },
    })
    expect((await oauth.revokeToken(accessToken)).status).toBe(200)
    const refresh = await exchange(server, byRefresh(refreshToken))
    expect(refresh).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(server.grants()).toMatchObject([{ email, revoked: true }])
    const again = await fetch(`${server.revokeUrl}?token=${refreshToken}`, { method: 'POST' })
    expect(again.status).toBe(400)
    expect(await again.json()).toMatchObject({ error: 'invalid_token' })
  })
})

describe('the real client', () => {
  test('refreshes an expired access token by itself and goes on', async () => {
    await using server = await startGoogle()
    const { refreshToken } = await server.issueTokens({ email, scopes })
    const oauth = new auth.OAuth2({
      clientId: server.clientId,
      clientSecret: server.clientSecret,
      redirectUri,
      forceRefreshOnFailure: true,
      endpoints: { oauth2TokenUrl: server.tokenUrl, oauth2AuthBaseUrl: server.authUrl },
    })
    oauth.setCredentials({ refresh_token: refreshToken })
    const client = calendar({ version: 'v3', auth: oauth, rootUrl: server.calendarUrl })
    await client.events.list({ calendarId: 'primary' })
    await server.expireAccessTokens()
    const { status } = await client.events.list({ calendarId: 'primary' })
    expect(status).toBe(200)
    expect(server.requestCount('POST', '/token')).toBe(2)
    const consent = await fetch(oauth.generateAuthUrl({ scope: scopes, access_type: 'offline' }))
    expect(consent.status).toBe(200)
  })
})

test('options that make no sense are a TypeError before anything starts', async () => {
  await expect(startGoogle({ rotateRefreshTokens: 0 })).rejects.toThrow(TypeError)
  await expect(startGoogle({ accessTokenLifetimeSeconds: 1.5 })).rejects.toThrow(TypeError)
})

test('grants and events survive a restart when a folder is given', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'yuzuru-google-'))
  try {
    const first = await startGoogle({ dir })
    const { accessToken, refreshToken } = await first.issueTokens({ email, scopes })
    const inserted = await fetch(`${first.url}/calendar/v3/calendars/primary/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${accessToken}` },
      body: JSON.stringify({
        id: 'kept1',
        start: { date: '2026-04-01' },
        end: { date: '2026-04-02' },
      }),
    })
    expect(inserted.status).toBe(200)
    await first.close()
    await using second = await startGoogle({ dir })
    expect(second.events(email)).toMatchObject([{ id: 'kept1' }])
    expect((await exchange(second, byRefresh(refreshToken))).status).toBe(200)
  } finally {
    await rm(dir, { recursive: true })
  }
})

describe('a person who allows, without a browser', () => {
  test('sends back what the page would: the state, and a code that is bound to the verifier', async () => {
    await using server = await startGoogle()
    const verifier = 'v'.repeat(43)
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
    const { state, code, url } = await server.allow(consentUrl(server, pkce), email)
    expect(state).toBe('s"><script>')
    expect(url.startsWith(`${redirectUri}?`)).toBe(true)
    expect(new URL(url).searchParams.get('code')).toBe(code)
    expect((await exchange(server, byCode(code, { code_verifier: 'other' }))).status).toBe(400)

    const again = await server.allow(consentUrl(server, pkce), email)
    const answer = await exchange(server, byCode(again.code, { code_verifier: verifier }))
    expect(answer.body).toMatchObject({ refresh_token: expect.stringMatching(/^1/) })
  })

  test('may allow some of it', async () => {
    await using server = await startGoogle()
    const url = consentUrl(server, { scope: `openid ${scopes.join(' ')}` })
    const { code } = await server.allow(url, email, ['openid'])
    expect((await exchange(server, byCode(code))).body).toMatchObject({ scope: 'openid' })
  })

  test.each([
    [
      'another page',
      'https://accounts.google.com/o/oauth2/v2/auth?client_id=x',
      'give authUrl to the app',
    ],
    ['a client that is unknown', { client_id: 'x' }, 'invalid_client: client_id'],
    ['a scope that is unknown', { scope: 'everything' }, 'invalid_scope: everything'],
  ])('is refused %s', async (_what, change, reason) => {
    await using server = await startGoogle()
    const url = typeof change === 'string' ? change : consentUrl(server, change)
    await expect(server.allow(url, email)).rejects.toThrow(reason)
    await expect(server.allow(url, email)).rejects.toThrow(TypeError)
  })
})
