import { shield } from '@yuzuru/concurrency'
import type { App } from '../app.ts'
import type { Staff } from '../offices/staff.ts'
import type { Plan } from '../plans/plans.ts'
import { Invalid } from '../web/invalid.ts'
import { isTaken } from './free-times.ts'
import { listMeetings } from './list-meetings.ts'
import { MEETING_MS, type MeetingTimes, REPEATS } from './meeting-times.ts'
import { asksForConsent } from './asks-for-consent.ts'
import { busyTimes } from './office-calendar.ts'
import { syncMeetings } from './sync-meetings.ts'

/**
 * Puts the meetings about a plan into the office's calendar as a series, which replaces the one before, and
 * stores them. The id of the series is derived from the plan and the times, so that a retry after a failure
 * creates no second one.
 *
 * @throws {Invalid} when the calendar is not connected (any more), the time is taken, or somebody else has just put
 *   other meetings there
 */
export async function scheduleMeetings(
  app: App,
  staff: Staff,
  plan: Plan,
  { startsAt, repeats }: MeetingTimes,
): Promise<void> {
  const { office_id: officeId } = staff
  const before = await app.db
    .selectFrom('meeting_series')
    .selectAll()
    .where('plan_id', '=', plan.id)
    .executeTakeFirst()
  const isSame = before?.starts_at.getTime() === startsAt.getTime() && before.repeats === repeats
  try {
    if (!isSame) await expectFree(app, plan, startsAt)
    if (before !== undefined && !isSame) {
      await app.calendar.events.delete(officeId, { id: before.event_id })
    }
    const { event } = await app.calendar.events.create(officeId, {
      idempotencyKey: `meetings of plan ${plan.id} at ${startsAt.toISOString()} ${repeats}`,
      ifDeleted: 'restore',
      summary: `支援計画の会議: ${plan.title}`,
      description: new URL(`/plans/${plan.id}`, app.settings.publicUrl).href,
      start: startsAt,
      end: new Date(startsAt.getTime() + MEETING_MS),
      timeZone: 'Asia/Tokyo',
      recurrence: [REPEATS[repeats].rule],
    })
    const series = { office_id: officeId, event_id: event.id, starts_at: startsAt, repeats }
    const known = [event.id, ...(before === undefined ? [] : [before.event_id])]
    const noted = await app.db
      .insertInto('meeting_series')
      .values({ plan_id: plan.id, ...series })
      .onConflict((conflict) =>
        conflict
          .column('plan_id')
          .doUpdateSet(series)
          .where('meeting_series.event_id', 'in', known),
      )
      .returning('plan_id')
      .executeTakeFirst()
    if (noted === undefined) {
      // Another series was stored meanwhile, so this one must not stay in the calendar.
      await shield(() => app.calendar.events.delete(officeId, { id: event.id }))
      throw changedMeanwhile()
    }
    await syncMeetings(app, officeId, event.id)
  } catch (error) {
    throw asksForConsent(error) ? notConnected() : error
  }
}

/**
 * Throws if the time is taken, except by a meeting of the plan itself, which the calendar shows as taken
 * too.
 */
async function expectFree(app: App, plan: Plan, startsAt: Date): Promise<void> {
  const { office_id: officeId } = plan
  const own = await listMeetings(app, officeId, plan.id)
  if (own.some(({ starts_at: at }) => at.getTime() === startsAt.getTime())) return
  const to = new Date(startsAt.getTime() + MEETING_MS)
  const busy = await busyTimes(app, officeId, { from: startsAt, to })
  // If the calendar does not show its times to the app, any time is accepted.
  if (busy === undefined || !isTaken(startsAt, busy)) return
  const text = {
    ja: 'この時間にはほかの予定があります。空いている時間を選んでください',
    en: 'is taken by something else: choose a free time',
  }
  throw new Invalid([{ field: 'startsAt', text }], 409)
}

function changedMeanwhile(): Invalid {
  const text = {
    ja: 'ほかの人がたったいま会議を登録しました。確かめてから、もう一度お試しください',
    en: 'was changed by somebody else just now: look at it, and try again',
  }
  return new Invalid([{ field: 'startsAt', text }], 409)
}

function notConnected(): Invalid {
  const text = {
    ja: '先にGoogleカレンダーを接続してください',
    en: 'is not connected: connect Google Calendar first',
  }
  return new Invalid([{ field: 'calendar', text }], 409)
}
