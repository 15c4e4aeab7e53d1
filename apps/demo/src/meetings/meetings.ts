import { randomUUID } from 'node:crypto'
import { CalendarError } from '@yuzuru/calendar'
import type { App } from '../app.ts'
import type { Staff } from '../offices/staff.ts'
import type { Plan } from '../plans/plans.ts'
import { Fields, type Input } from '../web/fields.ts'
import { Invalid } from '../web/invalid.ts'

const LENGTH_MS = 60 * 60 * 1_000

/** When the next meeting about a plan is to be. */
export function readMeetingTime(input: Input): Date {
  const fields = new Fields(input)
  const startsAt = fields.futureMoment('startsAt')
  fields.check()
  return startsAt
}

/**
 * Puts the next meeting about a plan into the office's calendar, and notes it. The event's id
 * follows from the plan and the time, so a repeat after a failure makes no second one.
 *
 * @throws {Invalid} when the calendar is not connected (any more)
 */
export async function scheduleMeeting(
  app: App,
  staff: Staff,
  plan: Plan,
  startsAt: Date,
): Promise<{ readonly eventId: string; readonly url: string | undefined }> {
  try {
    const { event } = await app.calendar.events.create(staff.office_id, {
      idempotencyKey: `meeting of plan ${plan.id} at ${startsAt.toISOString()}`,
      summary: `支援計画の会議: ${plan.title}`,
      description: new URL(`/plans/${plan.id}`, app.settings.publicUrl).href,
      start: startsAt,
      end: new Date(startsAt.getTime() + LENGTH_MS),
      timeZone: 'Asia/Tokyo',
    })
    const meeting = { event_id: event.id, starts_at: startsAt, link: event.url ?? null }
    await app.db
      .insertInto('meetings')
      .values({ plan_id: plan.id, ...meeting })
      .onConflict((conflict) => conflict.column('plan_id').doUpdateSet(meeting))
      .execute()
    return { eventId: event.id, url: event.url }
  } catch (error) {
    throw asksForConsent(error) ? notConnected() : error
  }
}

/** Where a person allows the app into a calendar, which becomes the office's. */
export async function calendarConsentUrl(app: App, staff: Staff): Promise<string> {
  const state = `${randomUUID()}${randomUUID()}`
  return await app.calendar.authorizeUrl({
    reference: staff.office_id,
    state,
    loginHint: staff.email,
  })
}

function asksForConsent(error: unknown): boolean {
  if (!CalendarError.isInstance(error)) return false
  return error.code === 'not_connected' || error.code === 'reconnect_required'
}

function notConnected(): Invalid {
  return new Invalid(
    [
      {
        field: 'calendar',
        text: {
          ja: '先にGoogleカレンダーを接続してください',
          en: 'is not connected: connect Google Calendar first',
        },
      },
    ],
    409,
  )
}
