import assert from 'node:assert/strict'
import { type CalendarFixture, failure } from './calendar-fixture.ts'

const CHANNEL = { id: 'channel-1', address: 'https://example.invalid/google', token: 'secret' }

/** How channels are opened and closed. */
export const CHANNELS: Record<string, (fixture: CalendarFixture) => Promise<void>> = {
  'opens a channel for as long as it is asked to, and closes it once': async ({ calendar }) => {
    const before = Date.now()
    const channel = await calendar.watch('staff-1', { ...CHANNEL, ttlMs: 60_000 })
    assert.deepEqual([channel.id, channel.calendarId], ['channel-1', 'primary'])
    const lastsMs = channel.expiresAt.getTime() - before
    assert(lastsMs >= 60_000 && lastsMs < 120_000, String(lastsMs))
    assert.deepEqual(await calendar.unwatch('staff-1', channel), { stopped: true })
    const unknown = { ...channel, id: 'never-opened' }
    assert.deepEqual(await calendar.unwatch('staff-1', unknown), { stopped: false })
  },
  'opens no channel under an id that was used': async ({ calendar }) => {
    await calendar.watch('staff-1', CHANNEL)
    const error = await failure(calendar.watch('staff-1', CHANNEL))
    assert.deepEqual([error.code, error.reason], ['invalid_request', 'channelIdNotUnique'])
  },
}
