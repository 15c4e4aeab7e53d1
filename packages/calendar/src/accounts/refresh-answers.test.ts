import type { ScriptedAnswer } from '@yuzuru/http/testing'
import { describe, expect, test } from 'vitest'
import { failure, meeting } from '../testing/calendar-fixture.ts'
import { createFakeCalendar } from '../testing/fake-calendar.ts'

const email = 'hana@example.com'

/** What others have taken for the end of a consent: proxies, wrong settings, and a Google that is out of order. */
const NO_END: [what: string, answer: ScriptedAnswer, code: string][] = [
  ['a page with 401', { status: 401, body: '<html>Proxy</html>' }, 'unavailable'],
  ['a page with 403', { status: 403, body: '<html>Blocked</html>' }, 'rate_limited'],
  ['a page with 404', { status: 404, body: '<html>Not Found</html>' }, 'not_found'],
  ['a page with 502', { status: 502, body: '<html>Bad Gateway</html>' }, 'unavailable'],
  ['invalid_client', { status: 401, json: { error: 'invalid_client' } }, 'invalid_request'],
  ['deleted_client', { status: 401, json: { error: 'deleted_client' } }, 'invalid_request'],
  [
    'unauthorized_client',
    { status: 400, json: { error: 'unauthorized_client' } },
    'invalid_request',
  ],
  ['invalid_request', { status: 400, json: { error: 'invalid_request' } }, 'invalid_request'],
  ['too many requests', { status: 429, json: { error: 'rate_limit_exceeded' } }, 'rate_limited'],
  ['invalid_grant with 500', { status: 500, json: { error: 'invalid_grant' } }, 'unavailable'],
  ['a rate', { status: 403, json: { error: 'rate_limit_exceeded' } }, 'rate_limited'],
  ['internal_failure', { status: 400, json: { error: 'internal_failure' } }, 'unavailable'],
  ['server_error', { status: 400, json: { error: 'server_error' } }, 'unavailable'],
  [
    'temporarily_unavailable',
    { status: 400, json: { error: 'temporarily_unavailable' } },
    'unavailable',
  ],
  ['no tokens', { json: { ok: true } }, 'unexpected'],
]

describe('an answer to a refresh', () => {
  test.each(NO_END)('by %s ends no consent', async (_what, answer, code) => {
    await using calendar = createFakeCalendar({ retry: false })
    await calendar.connectAs('staff-1', email)
    calendar.expireAccessTokens()
    for (let time = 0; time < 5; time += 1) calendar.fail('POST /token', answer)
    const refreshed = calendar.events.create('staff-1', meeting(1))
    expect(await failure(refreshed)).toMatchObject({ code, outcome: 'none' })
    expect((await calendar.account('staff-1')).state).toBe('connected')
  })

  test.each(['internal_failure', 'server_error', 'temporarily_unavailable', 'rate_limit_exceeded'])(
    'by %s is asked for again, and the call goes on (googleapis/google-auth-library-python#368)',
    async (error) => {
      await using calendar = createFakeCalendar({ retry: false })
      await calendar.connectAs('staff-1', email)
      calendar.expireAccessTokens()
      calendar.fail('POST /token', { status: 400, json: { error } })
      const { created } = await calendar.events.create('staff-1', meeting(1))
      expect(created).toBe(true)
    },
  )

  test('by a failure of Google may have replaced the token: its refusal after that is refresh_lost', async () => {
    await using calendar = createFakeCalendar({ retry: false })
    await calendar.connectAs('staff-1', email)
    calendar.expireAccessTokens()
    calendar.fail('POST /token', { status: 400, json: { error: 'internal_failure' } })
    calendar.fail('POST /token', { status: 400, json: { error: 'invalid_grant' } })
    const error = await failure(calendar.events.create('staff-1', meeting(1)))
    expect(error).toMatchObject({ code: 'reconnect_required', reason: 'refresh_lost' })
  })

  test.each([
    {},
    { error_subtype: 'invalid_rapt' },
    { error_description: 'Account has been deleted' },
  ])('by invalid_grant ends it, whatever else it says: %j', async (more) => {
    await using calendar = createFakeCalendar({ retry: false })
    await calendar.connectAs('staff-1', email)
    calendar.expireAccessTokens()
    calendar.fail('POST /token', { status: 400, json: { error: 'invalid_grant', ...more } })
    const error = await failure(calendar.events.create('staff-1', meeting(1)))
    expect(error).toMatchObject({ code: 'reconnect_required', reason: 'invalid_grant' })
    expect((await calendar.account('staff-1')).state).toBe('reconnect_required')
  })
})
