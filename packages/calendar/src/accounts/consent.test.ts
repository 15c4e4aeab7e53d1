import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { encryption } from '@yuzuru/db'
import { expect, test } from 'vitest'
import { failure, meeting } from '../testing/calendar-fixture.ts'
import type { CalendarStore } from '../stores/calendar-store.ts'
import { createFakeCalendar } from '../testing/fake-calendar.ts'
import { memoryCalendarStore } from '../stores/memory-store.ts'
import { plainCipher } from '../testing/plain-cipher.ts'

test('the URL asks for offline access with PKCE S256, a state, and the scopes', async () => {
  await using calendar = createFakeCalendar()
  const scopes = ['https://www.googleapis.com/auth/calendar.readonly', 'email']
  const request = { reference: 'staff-1', scopes, loginHint: 'hana@example.com' }
  const query = Object.fromEntries(new URL(await calendar.authorizeUrl(request)).searchParams)
  const { state, code_challenge: challenge, ...others } = query
  expect(others).toEqual({
    response_type: 'code',
    client_id: 'fake',
    redirect_uri: 'http://127.0.0.1/callback',
    scope: 'openid email https://www.googleapis.com/auth/calendar.readonly',
    include_granted_scopes: 'true',
    code_challenge_method: 'S256',
    access_type: 'offline',
    prompt: 'consent',
    login_hint: 'hana@example.com',
  })
  expect(state).toMatch(/^[\w-]{43}$/)
  expect(challenge).toMatch(/^[\w-]{43}$/)
})

test('the store gets the digest of the state, and the verifier that the challenge is of', async () => {
  const memory = memoryCalendarStore({ cipher: plainCipher() })
  const kept: Parameters<CalendarStore['putPending']>[] = []
  const store: CalendarStore = {
    ...memory,
    putPending: async (...call) => void kept.push(call),
  }
  await using calendar = createFakeCalendar({ store })
  const url = new URL(await calendar.authorizeUrl({ reference: 'staff-1' }))
  const [[key, pending] = []] = kept
  const digest = (text = ''): string => createHash('sha256').update(text).digest('base64url')
  expect(key).toBe(digest(url.searchParams.get('state') ?? ''))
  expect(digest(pending?.verifier)).toBe(url.searchParams.get('code_challenge'))
  expect(url.href).not.toContain(pending?.verifier)
})

test('a state of your own is used', async () => {
  await using calendar = createFakeCalendar()
  const state = 'my-own-state-that-nobody-can-guess'
  const url = await calendar.authorizeUrl({ reference: 'staff-1', state })
  expect(new URL(url).searchParams.get('state')).toBe(state)
  await calendar.exchange({ reference: 'staff-1', ...calendar.allow(url, 'hana@example.com') })
})

test('an hour later a state is no longer valid', async () => {
  let now = 0
  const store = memoryCalendarStore({ cipher: plainCipher(), now: () => now })
  await using calendar = createFakeCalendar({ store })
  const url = await calendar.authorizeUrl({ reference: 'staff-1' })
  now = 3_600_000
  const answer = calendar.allow(url, 'hana@example.com')
  const { code } = await failure(calendar.exchange({ reference: 'staff-1', ...answer }))
  expect(code).toBe('invalid_state')
})

test.each([
  ['nothing', {}],
  ['no state', { code: 'c' }],
  ['an empty state', { state: '', code: 'c' }],
  ['neither code nor error', { state: 's' }],
  ['an empty code', { state: 's', code: '' }],
  ['both', { state: 's', code: 'c', error: 'access_denied' }],
  ['a state that is too long', { state: 's'.repeat(501), code: 'c' }],
  ['a code that is too long', { state: 's', code: 'c'.repeat(2_049) }],
])(
  'a callback that anybody may have called, with %s, is an invalid state',
  async (_what, query) => {
    await using calendar = createFakeCalendar()
    const error = await failure(calendar.exchange({ reference: 'staff-1', ...query }))
    expect(error).toMatchObject({ code: 'invalid_state', outcome: 'none', retryable: false })
    expect(calendar.requestCount('POST', '/token')).toBe(0)
  },
)

test('an answer of Google without valid tokens stores nothing', async () => {
  await using calendar = createFakeCalendar()
  const wrong = [
    { access_token: 'a', expires_in: 3_599, token_type: 'Bearer' },
    { access_token: 'a\nb', refresh_token: 'r', expires_in: 3_599, token_type: 'Bearer' },
    { access_token: 'a', refresh_token: 'r', expires_in: '3599', token_type: 'Bearer' },
    null,
  ]
  for (const json of wrong) {
    calendar.fail('POST /token', { json })
    const url = await calendar.authorizeUrl({ reference: 'staff-1' })
    const answer = calendar.allow(url, 'hana@example.com')
    const { code } = await failure(calendar.exchange({ reference: 'staff-1', ...answer }))
    expect(code).toBe('unexpected')
  }
  const { code } = await failure(calendar.events.get('staff-1', { id: 'event1' }))
  expect(code).toBe('not_connected')
})

test('a failing token endpoint shows neither the secret, the code nor what it answered', async () => {
  await using calendar = createFakeCalendar({ retry: false })
  const url = await calendar.authorizeUrl({ reference: 'staff-1' })
  const answer = calendar.allow(url, 'hana@example.com')
  calendar.fail('POST /token', ({ body }) => ({ status: 502, body: `you sent ${body.toString()}` }))
  const error = await failure(calendar.exchange({ reference: 'staff-1', ...answer }))
  expect(error).toMatchObject({ code: 'unavailable', outcome: 'unknown' })
  const shown = inspect(error, { depth: 9, showHidden: true })
  expect(shown).not.toContain(answer.code)
  expect(shown).not.toContain('you sent')
})

test('revoke forgets nothing while Google can not be reached', async () => {
  await using calendar = createFakeCalendar({ retry: false })
  await calendar.connectAs('staff-1', 'hana@example.com')
  calendar.fail('POST /revoke', 'reset')
  const error = await failure(calendar.revoke('staff-1'))
  expect(error).toMatchObject({ code: 'connection_lost', outcome: 'unknown' })
  await calendar.events.create('staff-1', meeting(1))
  await expect(calendar.revoke('staff-1')).resolves.toEqual({ revoked: true })
})

test('what a store holds shows no token and opens under no other reference', async () => {
  const keys = { k1: Buffer.alloc(32, 7) }
  const cipher = encryption({ keys, current: 'k1' }).encryptedText('calendar', 'sealed')
  const store = memoryCalendarStore({ cipher })
  await using calendar = createFakeCalendar({ store })
  await calendar.connectAs('staff-1', 'hana@example.com')
  const sealed = store.rows().get('staff-1') ?? ''
  const account = await store.load('staff-1')
  expect(cipher.open('staff-1', sealed)).toContain(account?.tokens.refreshToken)
  expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString()).not.toContain('refresh-')
  expect(() => cipher.open('staff-2', sealed)).toThrow(/does not open/)
})

test('a store that fails after Google gave the tokens leaves it unknown whether they are kept', async () => {
  const memory = memoryCalendarStore({ cipher: plainCipher() })
  const put = (): Promise<void> => Promise.reject(new Error('the disk is full'))
  await using calendar = createFakeCalendar({ store: { ...memory, put } })
  const error = await failure(calendar.connectAs('staff-1', 'hana@example.com'))
  expect(error).toMatchObject({ code: 'unexpected', operation: 'exchange', outcome: 'unknown' })
  expect(error.message).toBe('calendar.exchange failed: the disk is full')
})

test('without a refresh token the one of the same account stays, and no other one’s', async () => {
  await using calendar = createFakeCalendar()
  const consent = async (reference: string, email: string): Promise<unknown> => {
    const url = await calendar.authorizeUrl({ reference })
    // Google gives none to an account that has one, unless it shows the page anew.
    calendar.intercept('POST /token', (answer) => {
      const { refresh_token: _, ...others } = answer.json as Record<string, unknown>
      return { ...answer, json: others }
    })
    return await calendar.exchange({ reference, ...calendar.allow(url, email) })
  }
  expect(await failure(consent('staff-1', 'hana@example.com'))).toMatchObject({
    code: 'unexpected',
    message: 'calendar.exchange failed: Google gave no refresh token; try again',
  })
  await calendar.connectAs('staff-1', 'hana@example.com')
  const other = await failure(consent('staff-1', 'taro@example.com'))
  expect(other.code).toBe('unexpected')
  expect(await calendar.account('staff-1')).toMatchObject({ email: 'hana@example.com' })
  await consent('staff-1', 'hana@example.com')
  calendar.expireAccessTokens()
  const { created } = await calendar.events.create('staff-1', meeting(1))
  expect(created).toBe(true)
})
