import { createPublicKey, verify, type webcrypto } from 'node:crypto'
import { expect, test } from 'vitest'

import { startGoogle, type GoogleServer } from '../server.ts'

const PREFIX = 'https://www.googleapis.com/auth/'
const events = `${PREFIX}calendar.events`
const email = 'hana@example.com'
const redirectUri = 'http://127.0.0.1:1/oauth/callback'

type Answer = { readonly status: number; readonly body: Record<string, unknown> }

async function post(server: GoogleServer, fields: Record<string, string>): Promise<Answer> {
  const client = { client_id: server.clientId, client_secret: server.clientSecret }
  const body = new URLSearchParams({ ...client, ...fields })
  const response = await fetch(server.tokenUrl, { method: 'POST', body })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const refresh = (server: GoogleServer, token: unknown): Promise<Answer> =>
  post(server, { grant_type: 'refresh_token', refresh_token: String(token) })

/** The person allows what is asked; the code is exchanged. */
async function consent(server: GoogleServer, query: Record<string, string>): Promise<Answer> {
  const form = new URLSearchParams({
    client_id: server.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    access_type: 'offline',
    email,
    decision: 'allow',
    ...query,
  })
  const page = await fetch(server.authUrl, { method: 'POST', body: form, redirect: 'manual' })
  const code = new URL(page.headers.get('location') ?? '').searchParams.get('code') ?? ''
  return await post(server, { grant_type: 'authorization_code', code, redirect_uri: redirectUri })
}

const scopesOf = ({ body }: Answer): string[] => String(body['scope']).split(' ').toSorted()

test('include_granted_scopes adds what was allowed before; without it a grant has its own alone', async () => {
  await using server = await startGoogle()
  await consent(server, { scope: events })
  const alone = await consent(server, { scope: `${PREFIX}calendar.freebusy` })
  expect(scopesOf(alone)).toEqual([`${PREFIX}calendar.freebusy`])
  const both = await consent(server, {
    scope: `${PREFIX}calendar.freebusy`,
    include_granted_scopes: 'true',
  })
  expect(scopesOf(both)).toEqual([events, `${PREFIX}calendar.freebusy`])
})

test('an id token says who it is, signed, and with the nonce', async () => {
  await using server = await startGoogle({ now: () => Date.UTC(2026, 3, 1) })
  const { body } = await consent(server, { scope: `openid email ${events}`, nonce: 'n-1' })
  const [header = '', claims = '', signature = ''] = String(body['id_token']).split('.')
  const read = (part: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
  expect(read(claims)).toMatchObject({
    iss: 'https://accounts.google.com',
    aud: server.clientId,
    email,
    nonce: 'n-1',
    exp: Date.UTC(2026, 3, 1) / 1000 + 3600,
  })
  const { keys } = (await (await fetch(server.certsUrl)).json()) as {
    keys: (webcrypto.JsonWebKey & { kid?: string })[]
  }
  const jwk = keys.find((key) => key.kid === read(header)['kid']) ?? {}
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const signed = Buffer.from(`${header}.${claims}`)
  expect(verify('RSA-SHA256', signed, key, Buffer.from(signature, 'base64url'))).toBe(true)
  expect((await consent(server, { scope: events })).body).not.toHaveProperty('id_token')
})

test('tokeninfo says what an access token may do, and nothing of one that is dead', async () => {
  await using server = await startGoogle({ now: () => Date.UTC(2026, 3, 1) })
  const { body } = await consent(server, { scope: `email ${events}` })
  const ask = (token: unknown): Promise<Response> =>
    fetch(`${server.tokenInfoUrl}?access_token=${String(token)}`)
  const info = await ask(body['access_token'])
  expect(await info.json()).toMatchObject({
    aud: server.clientId,
    scope: `email ${events}`,
    expires_in: '3600',
    access_type: 'offline',
    email,
  })
  await server.revokeAccess(email)
  const dead = await ask(body['access_token'])
  expect([dead.status, await dead.json()]).toMatchObject([400, { error: 'invalid_token' }])
})

test('the hundred and first refresh token ends the oldest one, without a word', async () => {
  let now = Date.UTC(2026, 3, 1)
  await using server = await startGoogle({ now: () => now })
  const tokens: string[] = []
  for (let made = 0; made < 101; made += 1) {
    now += 1000
    tokens.push((await server.issueTokens({ email, scopes: [events] })).refreshToken)
  }
  expect(await refresh(server, tokens[0])).toMatchObject({ body: { error: 'invalid_grant' } })
  expect((await refresh(server, tokens[1])).status).toBe(200)
  expect((await refresh(server, tokens[100])).status).toBe(200)
})

test('a refresh token that nobody used for six months works no more', async () => {
  let now = Date.UTC(2026, 3, 1)
  await using server = await startGoogle({ now: () => now })
  const used = await server.issueTokens({ email, scopes: [events] })
  const idle = await server.issueTokens({ email, scopes: [events] })
  now += 100 * 86_400_000
  expect((await refresh(server, used.refreshToken)).status).toBe(200)
  now += 100 * 86_400_000
  expect((await refresh(server, used.refreshToken)).status).toBe(200)
  expect(await refresh(server, idle.refreshToken)).toMatchObject({
    status: 400,
    body: { error: 'invalid_grant' },
  })
})

test('a new password ends grants that reach the mail, and no others', async () => {
  await using server = await startGoogle()
  const calendar = await server.issueTokens({ email, scopes: [events] })
  const mail = await server.issueTokens({ email, scopes: [events, 'https://mail.google.com/'] })
  await server.changePassword(email)
  expect((await refresh(server, calendar.refreshToken)).status).toBe(200)
  expect(await refresh(server, mail.refreshToken)).toMatchObject({
    body: { error: 'invalid_grant' },
  })
})

test('a scope that Google does not have is refused on the page; so is a verifier that nothing asked for', async () => {
  await using server = await startGoogle()
  const query = new URLSearchParams({
    client_id: server.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: `${PREFIX}calendar.event`,
  })
  const page = await fetch(`${server.authUrl}?${query.toString()}`)
  expect([page.status, await page.text()]).toEqual([400, expect.stringContaining('invalid_scope')])
  const code = await server.issueCode({ email, scopes: [events], redirectUri })
  const fields = { grant_type: 'authorization_code', code, redirect_uri: redirectUri }
  const verified = await post(server, { ...fields, code_verifier: 'v'.repeat(43) })
  expect(verified).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})
