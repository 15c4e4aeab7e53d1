import { expect, test } from 'vitest'
import { startGoogleCalendar } from '../test/google-calendar.ts'
import { listen, me, secretCalls } from '../test/secret-calls.ts'
import { connect, EVENTS_PATH } from './testing/calendar-fixture.ts'

const EVERYTHING = 'https://www.googleapis.com/auth/calendar'

test('no token, address or event text is in an error, a trace or the task tree', async () => {
  await using fixture = await startGoogleCalendar({ retry: false })
  const { calendar, google, proxy } = fixture
  using said = listen()
  await connect(fixture, 'staff-1', me, [EVERYTHING])
  const all = async (): Promise<void> => {
    for (const call of Object.values(secretCalls(calendar))) await call().catch(said.note)
  }
  await all()
  for (const kind of ['forbidden', 'error_after'] as const) {
    google.setTroubles({ kind, times: 100 })
    await all()
  }
  google.setTroubles()
  for (const fault of [
    { dropReply: { when: EVENTS_PATH, times: 100 } },
    { status: { code: 401, when: 'calendar', times: 100 } },
    { resetAfterBytes: { toClient: 30 } },
    { refuse: true },
  ]) {
    proxy.set(fault)
    await all()
  }
  proxy.clear()
  await google.revokeAccess(me)
  await all()
  expect(said.count).toBeGreaterThan(200)
  expect(said.secrets()).toEqual([])
})
