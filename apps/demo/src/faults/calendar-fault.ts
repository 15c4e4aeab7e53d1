import { CalendarError } from '@yuzuru/calendar'
import { allowCalendar } from '../day/allow-calendar.ts'
import { BOUNDARIES } from './boundaries.ts'
import type { Fault } from './fault.ts'

const STARTS_AT = new Date('2099-06-01T10:00:00+09:00')

/** An event is made, and Google's answer to it is lost. */
export const calendarFault: Fault = {
  name: 'calendar-reply',
  boundary: BOUNDARIES.calendar,
  text: { ja: 'Google カレンダーの返事が失われる', en: 'Google Calendar’s reply is lost' },
  code: 'await calendar.events.create(office, { idempotencyKey, summary, start, end })',
  guarantee: 15,
  sees: 'nothing',
  losesReply: true,
  act: async ({ app, clear, line, mark }) => {
    await allowCalendar(clear, { id: mark, email: `${mark}@example.jp` })
    line.set({ dropReply: { when: 'POST /calendar/v3', times: 1 } })
    await app.calendar.events.create(mark, {
      idempotencyKey: mark,
      summary: '試験',
      start: STARTS_AT,
      end: new Date(STARTS_AT.getTime() + 3_600_000),
    })
  },
  held: async ({ sandbox, mark }) => {
    const events = sandbox.google.events(`${mark}@example.jp`)
    return {
      holds: events.length === 1,
      text: {
        ja: '予定は一つ。二度目の依頼も同じ番号なので、Google が重なりに気づく',
        en: 'There is one event: asked again it has the same id, so Google sees that it is there',
      },
    }
  },
  clean: async ({ clear, mark }) =>
    await clear.calendar.revoke(mark).catch((error: unknown) => {
      if (!CalendarError.isInstance(error) || error.code !== 'not_connected') throw error
    }),
}
