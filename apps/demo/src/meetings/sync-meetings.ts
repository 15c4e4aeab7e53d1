import { type Calendar, CalendarError, type CalendarEvent } from '@yuzuru/calendar'
import { withTimeout } from '@yuzuru/concurrency'
import { type Database, transaction } from '@yuzuru/db'
import type { Selectable } from 'kysely'
import type { MeetingSeriesTable, MeetingsTable, Schema } from '../schema.ts'

type Series = Selectable<MeetingSeriesTable>
type Meeting = Selectable<MeetingsTable>

/** The parts of the app that it uses. */
export interface Synced {
  readonly db: Database<Schema>
  readonly calendar: Calendar
}

/** The most meetings of a series that are kept. */
const MOST = 60

/** How long a synchronisation may take, in milliseconds. */
const LOOK_MS = 30_000

/** A series and its meetings in Google; `undefined` if it was deleted there. */
type Found = readonly [series: Series, meetings: readonly Meeting[] | undefined]

/** What a look has found, and from where to where it went. */
interface Look {
  readonly before: string | null
  readonly cursor: string | null
  readonly found: readonly Found[]
}

/**
 * Updates the meetings of an office from its Google Calendar: `sync` says which series people have changed,
 * and each of those is read again. The cursor moves in the transaction that writes the meetings, and only
 * if it is still where this synchronisation began; of two at once the later one starts again.
 *
 * @param also a series to read in any case, because it was just created
 * @returns whether a meeting of the app has changed
 * @throws {CalendarError} when the calendar can't be read
 */
export async function syncMeetings(app: Synced, officeId: string, also?: string): Promise<boolean> {
  return await withTimeout(LOOK_MS, async () => {
    for (;;) {
      const before = await cursorOf(app, officeId)
      const { cursor, touched, isWhole } = await changesSince(app, officeId, before)
      if (also !== undefined) touched.add(also)
      const ours = await app.db
        .selectFrom('meeting_series')
        .selectAll()
        .where('office_id', '=', officeId)
        .execute()
      const changed = ours.filter(({ event_id }) => isWhole || touched.has(event_id))
      const found: Found[] = []
      for (const series of changed) found.push([series, await meetingsOf(app, series)])
      if (await write(app, officeId, { before, cursor, found })) return found.length > 0
    }
  })
}

async function cursorOf({ db }: Synced, officeId: string): Promise<string | null> {
  const row = { office_id: officeId, cursor: null }
  await db
    .insertInto('calendars')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const { cursor } = await db
    .selectFrom('calendars')
    .select('cursor')
    .where('office_id', '=', officeId)
    .executeTakeFirstOrThrow()
  return cursor
}

interface Changes {
  readonly cursor: string | null
  /** The events and series that were changed. */
  readonly touched: Set<string>
  /** Whether everything was listed, so that what is missing was deleted. */
  readonly isWhole: boolean
}

async function changesSince(
  { calendar }: Synced,
  officeId: string,
  before: string | null,
): Promise<Changes> {
  const touched = new Set<string>()
  let cursor: string | null = null
  let isWhole = before === null
  for await (const page of calendar.sync(officeId, { cursor: before ?? undefined })) {
    isWhole ||= page.reset
    cursor = page.nextCursor ?? cursor
    for (const change of page.changes) {
      if (change.type === 'changed') touched.add(change.event.seriesId ?? change.id)
      else touched.add(change.type === 'deleted' ? change.id : change.seriesId)
    }
  }
  return { cursor, touched, isWhole }
}

async function meetingsOf(
  { calendar }: Synced,
  { office_id, plan_id, event_id: id }: Series,
): Promise<readonly Meeting[] | undefined> {
  const meetings: Meeting[] = []
  try {
    const event = await calendar.events.get(office_id, { id })
    if (event.status === 'cancelled') return undefined
    const from = new Date()
    // A person may have turned the series into a single meeting.
    if (event.recurrence.length === 0) meetings.push(...meetingOf(plan_id, event))
    else {
      for await (const one of calendar.events.instances(office_id, { id, from, pageSize: MOST })) {
        meetings.push(...meetingOf(plan_id, one))
        if (meetings.length === MOST) break
      }
    }
  } catch (error) {
    if (CalendarError.isInstance(error) && error.code === 'not_found') return undefined
    throw error
  }
  return meetings
}

function meetingOf(planId: string, { id, start, originalStart, url }: CalendarEvent): Meeting[] {
  if (start === undefined) return []
  const startsAt = momentOf(start)
  const plannedAt = originalStart === undefined ? startsAt : momentOf(originalStart)
  const link = url ?? null
  return [{ plan_id: planId, event_id: id, starts_at: startsAt, planned_at: plannedAt, link }]
}

/** A whole day begins at midnight in Japan. */
function momentOf(time: Date | string): Date {
  return time instanceof Date ? time : new Date(`${time}T00:00:00+09:00`)
}

/** @returns false when another look was first */
async function write(
  { db }: Synced,
  officeId: string,
  { before, cursor, found }: Look,
): Promise<boolean> {
  return await transaction(db, async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('calendars')
      .set({ cursor })
      .where('office_id', '=', officeId)
      .where('cursor', 'is not distinct from', before)
      .executeTakeFirstOrThrow()
    if (numUpdatedRows === 0n) return false
    for (const [{ plan_id, event_id }, meetings] of found) {
      const series = await tx
        .selectFrom('meeting_series')
        .select('plan_id')
        .where('plan_id', '=', plan_id)
        // The plan may have another series now.
        .where('event_id', '=', event_id)
        .forUpdate()
        .executeTakeFirst()
      if (series === undefined) continue
      const table = meetings === undefined ? 'meeting_series' : 'meetings'
      await tx.deleteFrom(table).where('plan_id', '=', plan_id).execute()
      if (meetings === undefined || meetings.length === 0) continue
      await tx
        .insertInto('meetings')
        .values([...meetings])
        .execute()
    }
    return true
  })
}
