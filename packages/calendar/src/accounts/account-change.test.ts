import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { startGoogleCalendar } from '../../test/google-calendar.ts'
import { connect, failure, meeting } from '../testing/calendar-fixture.ts'
import { createFakeCalendar } from '../testing/fake-calendar.ts'
import type { AccountChange } from './account-change.ts'

describe('a change of an account', () => {
  test('is told once, after it is stored, however many calls met it', async () => {
    const told: AccountChange[] = []
    await using fixture = await startGoogleCalendar({
      onAccountChange: (change) => void told.push(change),
    })
    const { calendar } = fixture
    const whose = { reference: 'staff-1', email: 'hana@example.com' }
    await connect(fixture, 'staff-1', whose.email)
    await connect(fixture, 'staff-1', whose.email)
    expect(told).toMatchObject([{ ...whose, state: 'connected', why: undefined }])
    await fixture.revokeAccess(whose.email)
    await Promise.all(
      [1, 2, 3].map((day) => failure(calendar.events.create('staff-1', meeting(day)))),
    )
    const { state, since, why } = await calendar.account('staff-1')
    expect(told.slice(1)).toEqual([{ ...whose, state, since: expect.any(Date), why }])
    expect([state, why]).toEqual(['reconnect_required', 'invalid_grant'])
    expect(Number(since)).toBeLessThanOrEqual(Date.now())
    await connect(fixture, 'staff-1', whose.email)
    await calendar.revoke('staff-1')
    await calendar.revoke('staff-1')
    expect(told.slice(2).map((each) => each.state)).toEqual(['connected', 'not_connected'])
  })

  test('is no matter of the call that met it: a listener that fails becomes a warning', async () => {
    const failing = [
      () => {
        throw new RangeError('personal')
      },
      () => Promise.reject(new RangeError('personal')) as never,
    ]
    for (const onAccountChange of failing) {
      await using calendar = createFakeCalendar({ onAccountChange })
      const warned = once(process, 'warning')
      await calendar.connectAs('staff-1', 'hana@example.com')
      const [warning] = (await warned) as [Error]
      expect(warning.name).toBe('CalendarAccountWarning')
      expect(warning.message).toBe('onAccountChange failed (RangeError)')
    }
  })
})
