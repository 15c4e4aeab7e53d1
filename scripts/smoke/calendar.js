import assert from 'node:assert/strict'
import { CalendarError } from '@yuzuru/calendar'
import { calendarMigrations } from '@yuzuru/calendar/kysely'
import { createFakeCalendar } from '@yuzuru/calendar/testing'

{
  await using calendar = createFakeCalendar()
  assert.equal(Object.keys(calendarMigrations).length > 0, true)
  const event = { idempotencyKey: 'a', summary: '会議', start: '2099-04-01', end: '2099-04-02' }
  await assert.rejects(
    calendar.events.create('nobody', event),
    (error) => CalendarError.isInstance(error) && error.code === 'not_connected',
  )
}
console.log('ok')
