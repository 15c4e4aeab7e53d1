import { assert, asyncProperty } from 'fast-check'
import { test } from 'vitest'
import { startGoogleCalendar } from '../../test/google-calendar.ts'
import { Copy, email, HOST, hostEmail, PERSON, play, stepsOf } from '../../test/sync-model.ts'
import { connect } from '../testing/calendar-fixture.ts'
import { createFakeCalendar } from '../testing/fake-calendar.ts'

test('after the next sync a copy equals the calendar, whatever was done: the fake', async () => {
  const runs = { numRuns: Number(process.env['YUZURU_RUNS'] ?? 60) }
  await assert(
    asyncProperty(stepsOf('all', 16), async (steps) => {
      await using calendar = createFakeCalendar({ retry: false })
      await calendar.connectAs('us', email)
      await calendar.connectAs(PERSON, email)
      await calendar.connectAs(HOST, hostEmail)
      const fixture = {
        invalidateSyncTokens: (of: string) => calendar.invalidateSyncTokens(of),
        dropReply: (line: string) => calendar.intercept(line, () => 'reset'),
      }
      await play({ calendar, copy: new Copy(), fixture }, steps)
    }),
    runs,
  )
})

test('after the next sync a copy equals the calendar, whatever was done: the local Google', async () => {
  const runs = { numRuns: Number(process.env['YUZURU_RUNS'] ?? 8) }
  await using fixture = await startGoogleCalendar({ retry: false })
  const { calendar } = fixture
  await connect(fixture, 'us', email)
  await connect(fixture, PERSON, email)
  await connect(fixture, HOST, hostEmail)
  await assert(
    asyncProperty(stepsOf('all', 16), async (steps) => {
      await play({ calendar, copy: new Copy(), fixture }, steps)
    }),
    runs,
  )
})
