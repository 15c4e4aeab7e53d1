import { exerciseOutcomes, type Fault } from '@yuzuru/concurrency/testing'
import { describe, expect, test } from 'vitest'
import { startGoogleCalendar } from '../test/google-calendar.ts'
import { connect, meeting } from './testing/calendar-fixture.ts'

describe('what is said of an effect is true, of', () => {
  test.each(['events.create', 'events.create with a key', 'a native call'] as const)(
    '%s',
    async (verb) => {
      await using fixture = await startGoogleCalendar({ retry: false })
      await connect(fixture, 'staff-1', 'hana@example.com')
      const { calendar, proxy } = fixture
      const set =
        (faults: Parameters<typeof proxy.set>[0]): Fault =>
        () => {
          proxy.set(faults)
          return () => proxy.clear()
        }
      const event = meeting(1)
      const tally = await exerciseOutcomes(
        {
          act: async (id) => {
            if (verb === 'events.create')
              return await calendar.events.create('staff-1', { ...event, summary: id })
            if (verb === 'events.create with a key') {
              return await calendar.events.create('staff-1', {
                ...event,
                summary: id,
                idempotencyKey: id,
              })
            }
            const native = calendar.client('staff-1')
            const at = { dateTime: '2026-04-01T10:00:00+09:00' }
            return await native.events.insert({
              calendarId: 'primary',
              requestBody: { summary: id, start: at, end: at },
            })
          },
          count: async (id) =>
            fixture.eventsOf('hana@example.com').filter(({ summary }) => summary === id).length,
          faults: {
            'the answer is lost': set({ dropReply: { when: 'POST', times: 1 } }),
            'the connection breaks in the request': set({ resetAfterBytes: { toServer: 60 } }),
            'the connection breaks in the answer': set({ resetAfterBytes: { toClient: 30 } }),
            'Google is busy': set({ status: { code: 429, when: 'POST', times: 1 } }),
            'Google fails': set({ status: { code: 503, when: 'POST', times: 1 } }),
            'no connection is taken': set({ refuse: true }),
          },
        },
        { rounds: 80, withinMs: 15 },
      )
      expect(tally.value).toBeGreaterThan(0)
    },
  )
})
