import type { Selectable } from 'kysely'
import type { App } from '../app.ts'
import type { MeetingsTable } from '../schema.ts'

/** A meeting to come, and the plan that it is about. */
export interface ListedMeeting extends Selectable<MeetingsTable> {
  readonly title: string
}

/** The next meetings of an office, or those about one of its plans. */
export async function listMeetings(
  { db }: App,
  officeId: string,
  planId?: string,
): Promise<ListedMeeting[]> {
  let query = db
    .selectFrom('meetings')
    .innerJoin('plans', 'plans.id', 'meetings.plan_id')
    .selectAll('meetings')
    .select('plans.title')
    .where('plans.office_id', '=', officeId)
    .where('meetings.starts_at', '>', new Date())
  if (planId !== undefined) query = query.where('plans.id', '=', planId)
  return await query.orderBy('meetings.starts_at').orderBy('meetings.event_id').limit(100).execute()
}
