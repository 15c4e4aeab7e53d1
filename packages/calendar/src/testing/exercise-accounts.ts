import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { type CalendarFixture, connect, EVENTS_PATH, failure, meeting } from './calendar-fixture.ts'

const READ_ONLY = 'https://www.googleapis.com/auth/calendar.readonly'
const WRITE = 'https://www.googleapis.com/auth/calendar.events.owned'

/** How accounts come, stay and go. */
export const ACCOUNTS: Record<string, (fixture: CalendarFixture) => Promise<void>> = {
  'connects an account after the person allowed it': async (fixture) => {
    const { calendar } = fixture
    const url = await calendar.authorizeUrl({ reference: 'staff-1', scopes: [WRITE] })
    const answer = await fixture.allow(url, 'hana@example.com')
    const connection = await calendar.exchange({ reference: 'staff-1', ...answer })
    const { scopes, ...whose } = connection
    assert.deepEqual(whose, { reference: 'staff-1', email: 'hana@example.com' })
    assert(scopes.includes(WRITE))
    const { event, created } = await calendar.events.create('staff-1', meeting(1))
    assert.equal(created, true)
    assert.deepEqual(
      (await fixture.eventsOf('hana@example.com')).map(({ id }) => id),
      [event.id],
    )
  },
  'takes a state once': async (fixture) => {
    const { calendar } = fixture
    const url = await calendar.authorizeUrl({ reference: 'staff-1' })
    const answer = await fixture.allow(url, 'hana@example.com')
    await calendar.exchange({ reference: 'staff-1', ...answer })
    const error = await failure(calendar.exchange({ reference: 'staff-1', ...answer }))
    assert.deepEqual([error.code, error.outcome], ['invalid_state', 'none'])
    assert.equal(fixture.requestCount('POST', '/token'), 1)
  },
  'takes a state for the reference that it was made for, and no other': async (fixture) => {
    const { calendar } = fixture
    const url = await calendar.authorizeUrl({ reference: 'attacker' })
    const answer = await fixture.allow(url, 'attacker@example.com')
    const error = await failure(calendar.exchange({ reference: 'victim', ...answer }))
    assert.equal(error.code, 'invalid_state')
    assert.equal(fixture.requestCount('POST', '/token'), 0)
    const { code } = await failure(calendar.events.get('victim', { id: 'event1' }))
    assert.equal(code, 'not_connected')
  },
  'takes no state that it did not give': async ({ calendar }) => {
    const answer = { reference: 'staff-1', state: 'x'.repeat(43), code: 'code' }
    assert.equal((await failure(calendar.exchange(answer))).code, 'invalid_state')
  },
  'fails with reconnect_required for a code that Google did not give': async ({ calendar }) => {
    const url = await calendar.authorizeUrl({ reference: 'staff-1' })
    const state = new URL(url).searchParams.get('state') ?? ''
    const error = await failure(calendar.exchange({ reference: 'staff-1', state, code: 'secret' }))
    assert.equal(error.code, 'reconnect_required')
    assert.doesNotMatch(inspect(error, { depth: 9 }), /secret/)
  },
  'fails with consent_refused when the person refuses': async ({ calendar }) => {
    const url = await calendar.authorizeUrl({ reference: 'staff-1' })
    const state = new URL(url).searchParams.get('state') ?? ''
    const answer = { reference: 'staff-1', state, error: 'access_denied' }
    assert.equal((await failure(calendar.exchange(answer))).code, 'consent_refused')
  },
  'keeps nothing when the person allows only some of it': async (fixture) => {
    const { calendar } = fixture
    const url = await calendar.authorizeUrl({
      reference: 'staff-1',
      scopes: [READ_ONLY, WRITE],
    })
    const answer = await fixture.allow(url, 'hana@example.com', [READ_ONLY])
    const error = await failure(calendar.exchange({ reference: 'staff-1', ...answer }))
    assert.equal(error.code, 'consent_refused')
    assert.equal(fixture.requestCount('POST', '/revoke'), 1)
    const call = calendar.events.get('staff-1', { id: 'event1' })
    assert.equal((await failure(call)).code, 'not_connected')
  },
  'says whose account it is': async (fixture) => {
    await connect(fixture, 'staff-1', 'hana@example.com')
    const { email, scopes } = await fixture.calendar.account('staff-1')
    assert.equal(email, 'hana@example.com')
    // The least that the common path needs.
    assert.deepEqual(
      scopes.filter((scope) => scope.includes('calendar')),
      [WRITE],
    )
    await fixture.expireAccessTokens()
    await fixture.calendar.events.create('staff-1', meeting(1))
    assert.equal((await fixture.calendar.account('staff-1')).email, 'hana@example.com')
  },
  'asks for one more scope, and loses none of the others': async (fixture) => {
    const { calendar } = fixture
    await connect(fixture, 'staff-1', 'hana@example.com', [WRITE])
    await connect(fixture, 'staff-1', 'hana@example.com', [READ_ONLY])
    const { scopes } = await calendar.account('staff-1')
    assert(scopes.includes(WRITE) && scopes.includes(READ_ONLY))
    await calendar.events.create('staff-1', meeting(1))
    await calendar.freeBusy('staff-1', { from: meeting(1).start, to: meeting(1).end })
  },
  'keeps what was allowed before when the person refuses one more scope': async (fixture) => {
    const { calendar } = fixture
    await connect(fixture, 'staff-1', 'hana@example.com', [WRITE])
    const url = await calendar.authorizeUrl({ reference: 'staff-1', scopes: [READ_ONLY] })
    const answer = await fixture.allow(url, 'hana@example.com', [])
    const error = await failure(calendar.exchange({ reference: 'staff-1', ...answer }))
    assert.equal(error.code, 'consent_refused')
    assert.equal(fixture.requestCount('POST', '/revoke'), 0)
    await fixture.expireAccessTokens()
    await calendar.events.create('staff-1', meeting(1))
  },
  'refreshes once for twenty calls whose access token was refused': async (fixture) => {
    const { calendar } = fixture
    await connect(fixture, 'staff-1', 'hana@example.com')
    await fixture.expireAccessTokens()
    const days = Array.from({ length: 20 }, (_, index) => index + 1)
    const created = await Promise.all(
      days.map((day) => calendar.events.create('staff-1', meeting(day))),
    )
    assert(created.every((each) => each.created))
    assert.equal((await fixture.eventsOf('hana@example.com')).length, 20)
    assert.equal(fixture.requestCount('POST', '/token'), 2)
  },
  'keeps each refresh token that Google puts in place of another': async (fixture) => {
    const { calendar } = fixture
    await connect(fixture, 'staff-1', 'hana@example.com')
    for (const day of [1, 2, 3, 4]) {
      await fixture.expireAccessTokens()
      await calendar.events.create('staff-1', meeting(day))
    }
    assert.equal(fixture.requestCount('POST', '/token'), 5)
  },
  'repeats a call whose access token was refused once, and it happens once': async (fixture) => {
    await connect(fixture, 'staff-1', 'hana@example.com')
    await fixture.expireAccessTokens()
    const { created } = await fixture.calendar.events.create('staff-1', meeting(1))
    assert.equal(created, true)
    assert.equal(fixture.requestCount('POST', EVENTS_PATH), 2)
    assert.equal((await fixture.eventsOf('hana@example.com')).length, 1)
  },
  'says whose consent is gone, and shows no token': async (fixture) => {
    const { calendar } = fixture
    await connect(fixture, 'staff-1', 'hana@example.com')
    await fixture.revokeAccess('hana@example.com')
    const error = await failure(calendar.events.create('staff-1', meeting(1)))
    assert.equal(error.code, 'reconnect_required')
    assert.deepEqual([error.reference, error.outcome], ['staff-1', 'none'])
    assert.equal(error.retryable, false)
    assert.doesNotMatch(inspect(error, { depth: 9 }), /ya29|1\/\/|refresh-|access-/)
  },
  'asks Google no more once a consent is gone, until the account connects again': async (
    fixture,
  ) => {
    const { calendar } = fixture
    await connect(fixture, 'staff-1', 'hana@example.com')
    const before = await calendar.account('staff-1')
    assert.deepEqual([before.state, before.why], ['connected', undefined])
    await fixture.revokeAccess('hana@example.com')
    await failure(calendar.events.create('staff-1', meeting(1)))
    const asked = (): number =>
      fixture.requestCount('POST', '/token') + fixture.requestCount('POST', EVENTS_PATH)
    const count = asked()
    for (const day of [2, 3]) {
      const error = await failure(calendar.events.create('staff-1', meeting(day)))
      assert.deepEqual([error.code, error.reason], ['reconnect_required', 'invalid_grant'])
    }
    assert.equal(asked(), count)
    const gone = await calendar.account('staff-1')
    assert.deepEqual([gone.state, gone.why], ['reconnect_required', 'invalid_grant'])
    assert.deepEqual(gone.scopes, before.scopes)
    await connect(fixture, 'staff-1', 'hana@example.com')
    assert.equal((await calendar.account('staff-1')).state, 'connected')
    await calendar.events.create('staff-1', meeting(4))
  },
  'says not_connected of an account that never was': async ({ calendar }) => {
    assert.equal((await failure(calendar.account('staff-9'))).code, 'not_connected')
  },
  'revokes the consent and forgets the tokens, once': async (fixture) => {
    const { calendar } = fixture
    await connect(fixture, 'staff-1', 'hana@example.com')
    assert.deepEqual(await calendar.revoke('staff-1'), { revoked: true })
    assert.deepEqual(await calendar.revoke('staff-1'), { revoked: false })
    assert.equal(fixture.requestCount('POST', '/revoke'), 1)
    const { code } = await failure(calendar.events.create('staff-1', meeting(1)))
    assert.equal(code, 'not_connected')
  },
  'forgets the tokens also when the consent is gone already': async (fixture) => {
    await connect(fixture, 'staff-1', 'hana@example.com')
    await fixture.revokeAccess('hana@example.com')
    const gone = await fixture.calendar.revoke('staff-1')
    assert.deepEqual(gone, { revoked: true })
  },
  'keeps two accounts apart': async (fixture) => {
    const { calendar } = fixture
    await connect(fixture, 'staff-1', 'hana@example.com')
    await connect(fixture, 'staff-2', 'taro@example.com')
    await calendar.events.create('staff-1', { ...meeting(1), idempotencyKey: 'plan-1' })
    await calendar.events.create('staff-2', { ...meeting(2), idempotencyKey: 'plan-1' })
    const [first] = await fixture.eventsOf('hana@example.com')
    const [second] = await fixture.eventsOf('taro@example.com')
    assert.deepEqual([first?.summary, second?.summary], ['支援会議 1', '支援会議 2'])
    // An invitation carries the id into the guest's calendar, where it must not meet another event.
    assert.notEqual(first?.id, second?.id)
  },
}
