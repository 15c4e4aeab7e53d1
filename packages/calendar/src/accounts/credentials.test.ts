import { IoError, throwIfCancelled, withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { describe, expect, test } from 'vitest'
import { startGoogleCalendar } from '../../test/google-calendar.ts'
import { connect, EVENTS_PATH, failure, meeting } from '../testing/calendar-fixture.ts'
import type { AccountChange } from './account-change.ts'
import type { CalendarStore } from '../stores/calendar-store.ts'
import { createCalendar } from '../create-calendar.ts'
import { createFakeCalendar } from '../testing/fake-calendar.ts'
import { memoryCalendarStore } from '../stores/memory-store.ts'
import { plainCipher } from '../testing/plain-cipher.ts'

const HOUR_MS = 3_600_000
const email = 'hana@example.com'

/** A store of which a test takes some functions over. */
function storeWith(others: (store: CalendarStore) => Partial<CalendarStore>): CalendarStore {
  const store = memoryCalendarStore({ cipher: plainCipher() })
  return { ...store, ...others(store) }
}

describe('an access token', () => {
  test('that is due is replaced before it is used', async () => {
    let now = 0
    await using calendar = createFakeCalendar({ now: () => now })
    await calendar.connectAs('staff-1', email)
    await calendar.events.create('staff-1', meeting(1))
    expect(calendar.requestCount('POST', '/token')).toBe(1)
    now = HOUR_MS
    await calendar.events.create('staff-1', meeting(2))
    expect(calendar.requestCount('POST', '/token')).toBe(2)
    expect(calendar.requestCount('POST', EVENTS_PATH)).toBe(2)
  })

  test('that is fresh and still refused is unavailable: the consent is not gone by it', async () => {
    await using calendar = createFakeCalendar()
    await calendar.connectAs('staff-1', email)
    calendar.fail('POST /calendar', { status: 401 })
    calendar.fail('POST /calendar', { status: 401 })
    const error = await failure(calendar.events.create('staff-1', meeting(1)))
    expect(error).toMatchObject({ code: 'unavailable', retryable: true, outcome: 'none' })
    expect(calendar.requestCount('POST', EVENTS_PATH)).toBe(2)
    expect((await calendar.account('staff-1')).state).toBe('connected')
    expect((await calendar.events.create('staff-1', meeting(1))).created).toBe(true)
  })
})

describe('a refresh', () => {
  test('is not used before its refresh token is stored', async () => {
    const saving = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const store = storeWith((store) => ({
      async replace(...call) {
        saving.resolve()
        await gate.promise
        return await store.replace(...call)
      },
    }))
    await using calendar = createFakeCalendar({ store })
    await calendar.connectAs('staff-1', email)
    calendar.expireAccessTokens()
    const created = calendar.events.create('staff-1', meeting(1))
    await saving.promise
    expect(calendar.requestCount('POST', EVENTS_PATH)).toBe(1)
    gate.resolve()
    await created
    expect(calendar.requestCount('POST', EVENTS_PATH)).toBe(2)
  })

  test('that a caller gave up in the middle still keeps the refresh token that Google put in place', async () => {
    await using calendar = createFakeCalendar()
    await calendar.connectAs('staff-1', email)
    calendar.expireAccessTokens()
    const asked = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    calendar.intercept('POST /token', async (answer) => {
      asked.resolve()
      await gate.promise
      return answer
    })
    const created = withTimeout(50, () => calendar.events.create('staff-1', meeting(1)))
    await asked.promise
    await expect(created).rejects.toMatchObject({ name: 'TimeoutError', outcome: 'none' })
    gate.resolve()
    const { created: isNew } = await calendar.events.create('staff-1', meeting(1))
    expect(isNew).toBe(true)
    expect(calendar.requestCount('POST', '/token')).toBe(2)
  })

  test('that one of two gave up serves the other', async () => {
    await using calendar = createFakeCalendar()
    await calendar.connectAs('staff-1', email)
    calendar.expireAccessTokens()
    const asked = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    calendar.intercept('POST /token', async (answer) => {
      asked.resolve()
      await gate.promise
      return answer
    })
    const controller = new AbortController()
    const { signal } = controller
    const one = calendar.events.create('staff-1', meeting(1), { signal })
    const other = calendar.events.create('staff-1', meeting(2))
    await asked.promise
    controller.abort()
    await expect(one).rejects.toMatchObject({ name: 'Cancelled' })
    gate.resolve()
    await expect(other).resolves.toMatchObject({ created: true })
  })

  test('is awaited by close, until it is stored', async () => {
    const saving = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const store = storeWith((store) => ({
      async replace(...call) {
        saving.resolve()
        await gate.promise
        return await store.replace(...call)
      },
    }))
    await using calendar = createFakeCalendar({ store })
    await calendar.connectAs('staff-1', email)
    calendar.expireAccessTokens()
    const controller = new AbortController()
    const { signal } = controller
    const given = calendar.events.create('staff-1', meeting(1), { signal }).catch(() => 'given up')
    await saving.promise
    controller.abort()
    expect(await given).toBe('given up')
    const before = await store.load('staff-1')
    const closing = calendar.close().then(() => store.load('staff-1'))
    await new Promise(setImmediate)
    gate.resolve()
    expect((await closing)?.version).not.toBe(before?.version)
  })

  test('is begun once for all callers of a process', async () => {
    let claims = 0
    const store = storeWith((store) => ({
      claimRefresh(...call) {
        claims += 1
        return store.claimRefresh(...call)
      },
    }))
    await using calendar = createFakeCalendar({ store })
    await calendar.connectAs('staff-1', email)
    calendar.expireAccessTokens()
    const days = Array.from({ length: 20 }, (_, index) => index + 1)
    await Promise.all(days.map((day) => calendar.events.create('staff-1', meeting(day))))
    expect(claims).toBe(1)
  })

  test('is stored though the store fails at first', async () => {
    let failures = 2
    const store = storeWith((store) => ({
      async replace(...call) {
        if (failures === 0) return await store.replace(...call)
        failures -= 1
        const init = { boundary: 'db', operation: 'query', code: 'connection_lost' }
        throw new IoError('lost', { ...init, retryable: true, outcome: 'unknown' })
      },
    }))
    await using calendar = createFakeCalendar({ store })
    await calendar.connectAs('staff-1', email)
    calendar.expireAccessTokens()
    await calendar.events.create('staff-1', meeting(1))
    expect(failures).toBe(0)
    calendar.expireAccessTokens()
    await calendar.events.create('staff-1', meeting(2))
  })

  test('that fails is a failure of the call, of which nothing was sent', async () => {
    await using calendar = createFakeCalendar({ retry: false })
    await calendar.connectAs('staff-1', email)
    calendar.expireAccessTokens()
    calendar.fail('POST /token', { status: 400, json: { error: 'invalid_client' } })
    const error = await failure(calendar.events.create('staff-1', meeting(1)))
    expect(error).toMatchObject({ operation: 'events.create', code: 'invalid_request' })
    expect(error).toMatchObject({ reason: 'invalid_client', outcome: 'none' })
    // The right to refresh was given back.
    await calendar.events.create('staff-1', meeting(1))
  })

  test('whose answer was lost is asked for again', async () => {
    await using calendar = createFakeCalendar()
    await calendar.connectAs('staff-1', email)
    calendar.expireAccessTokens()
    calendar.fail('POST /token', 'reset')
    await calendar.events.create('staff-1', meeting(1))
    expect(calendar.requestCount('POST', '/token')).toBe(3)
  })

  test('waits for another process, and no longer than the lease of one that died', async () => {
    using clock = TestClock.install()
    let now = 0
    const store = memoryCalendarStore({ cipher: plainCipher(), now: () => now })
    const calendar = createFakeCalendar({ store, now: () => now })
    await calendar.connectAs('staff-1', email)
    calendar.expireAccessTokens()
    const account = await store.load('staff-1')
    await store.claimRefresh('staff-1', account?.version ?? 0, 5_000)
    const created = calendar.events.create('staff-1', meeting(1))
    await clock.advance(1_000)
    expect(calendar.requestCount('POST', '/token')).toBe(1)
    now = 5_000
    await clock.advance(1_000)
    await expect(created).resolves.toMatchObject({ created: true })
    expect(calendar.requestCount('POST', '/token')).toBe(2)
    await calendar.close()
  })

  for (const died of ['before Google was asked', 'after Google had answered'] as const) {
    test(`that a process began that died ${died} is told as what it is`, async () => {
      let now = 0
      const store = memoryCalendarStore({ cipher: plainCipher(), now: () => now })
      const told: AccountChange[] = []
      await using fixture = await startGoogleCalendar({
        store,
        onAccountChange: (change) => void told.push(change),
      })
      const { calendar, google } = fixture
      await connect(fixture, 'staff-1', email)
      await fixture.expireAccessTokens()
      const { version = 0, tokens } = (await store.load('staff-1')) ?? {}
      await store.claimRefresh('staff-1', version, 5_000)
      if (died === 'after Google had answered') {
        const { clientId, clientSecret } = google
        const body = new URLSearchParams({
          grant_type: 'refresh_token',
          refresh_token: tokens?.refreshToken ?? '',
          client_id: clientId,
          client_secret: clientSecret,
        })
        expect((await fetch(google.tokenUrl, { method: 'POST', body })).status).toBe(200)
      }
      now = 5_000
      const created = calendar.events.create('staff-1', meeting(1))
      if (died === 'before Google was asked') {
        expect(await created).toMatchObject({ created: true })
        return
      }
      const lost = { code: 'reconnect_required', reason: 'refresh_lost', outcome: 'none' }
      expect(await failure(created)).toMatchObject(lost)
      expect(await failure(calendar.events.create('staff-1', meeting(1)))).toMatchObject(lost)
      const ended = { state: 'reconnect_required', why: 'refresh_lost' }
      expect(await calendar.account('staff-1')).toMatchObject(ended)
      expect(told.at(-1)).toMatchObject(ended)
    })
  }

  test('whose answer was lost on the way, and that had replaced the token, is told as that', async () => {
    await using calendar = createFakeCalendar({ retry: false })
    await calendar.connectAs('staff-1', email)
    calendar.expireAccessTokens()
    calendar.intercept('POST /token', () => 'reset')
    // Nor is it forgotten by an attempt that comes to nothing.
    for (let time = 0; time < 9; time += 1) calendar.fail('POST /token', { status: 429 })
    expect(await failure(calendar.events.create('staff-1', meeting(1)))).toMatchObject({
      code: 'rate_limited',
    })
    while ((await calendar.account('staff-1')).state === 'connected') {
      await failure(calendar.events.create('staff-1', meeting(1)))
    }
    expect((await calendar.account('staff-1')).why).toBe('refresh_lost')
  })

  test('that never comes to its end ends after half a minute for all that wait', async () => {
    using clock = TestClock.install()
    const store = storeWith(() => ({ claimRefresh: () => Promise.resolve(false) }))
    const calendar = createFakeCalendar({ store })
    await calendar.connectAs('staff-1', email)
    calendar.expireAccessTokens()
    const failed = failure(calendar.events.create('staff-1', meeting(1)))
    for (let second = 0; second < 31; second += 1) await clock.advance(1_000)
    const error = await failed
    expect(error).toMatchObject({ code: 'timeout', retryable: true, outcome: 'none' })
    await calendar.close()
  })

  test('happens once for two processes with twenty calls', async () => {
    await using fixture = await startGoogleCalendar()
    await connect(fixture, 'staff-1', email)
    await fixture.expireAccessTokens()
    await using other = createCalendar(fixture.options)
    const calls = Array.from({ length: 20 }, (_, index) => {
      const calendar = index % 2 === 0 ? fixture.calendar : other
      return calendar.events.create('staff-1', meeting(index + 1))
    })
    const created = await Promise.all(calls)
    expect(created.every((each) => each.created)).toBe(true)
    expect(fixture.requestCount('POST', '/token')).toBe(2)
  })
})

test('a refresh is stored though its half minute has passed meanwhile', async () => {
  using clock = TestClock.install()
  const saving = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  let claims = 0
  const store = storeWith((store) => ({
    // The first 28 seconds go by waiting for another process.
    claimRefresh: (...call) =>
      (claims += 1) < 280 ? Promise.resolve(false) : store.claimRefresh(...call),
    async replace(...call) {
      saving.resolve()
      await gate.promise
      throwIfCancelled()
      return await store.replace(...call)
    },
  }))
  const calendar = createFakeCalendar({ store })
  await calendar.connectAs('staff-1', email)
  const before = await store.load('staff-1')
  calendar.expireAccessTokens()
  const given = calendar.events.create('staff-1', meeting(1)).catch(() => 'given up')
  for (let second = 0; second < 28; second += 1) await clock.advance(1_000)
  await saving.promise
  await clock.advance(5_000)
  gate.resolve()
  await given
  const after = await store.load('staff-1')
  expect(after?.version).not.toBe(before?.version)
  await calendar.close()
})
