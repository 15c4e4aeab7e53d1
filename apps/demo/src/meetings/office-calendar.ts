import { randomUUID } from 'node:crypto'
import {
  type BusyTime,
  type CalendarAccount,
  CalendarError,
  type ConsentAnswer,
} from '@yuzuru/calendar'
import type { App } from '../app.ts'
import type { Staff } from '../offices/staff.ts'

/** The least that is needed: our own events, and when the others are. */
const SCOPES = ['calendar.events.owned', 'calendar.events.freebusy'].map(
  (scope) => `https://www.googleapis.com/auth/${scope}`,
)

/** The calendar of an office: its account, if there is one, and when it is taken, as far as Google says. */
export interface OfficeCalendar {
  readonly account: CalendarAccount | undefined
  /** `undefined`: Google does not say, or can't be reached just now. */
  readonly busy: readonly BusyTime[] | undefined
}

/** A range of time. */
interface Range {
  readonly from: Date
  readonly to: Date
}

/**
 * Looks at an office's calendar. It asks Google first: that a person has withdrawn the consent shows when it is
 * used.
 */
export async function lookAtCalendar(
  app: App,
  officeId: string,
  range: Range,
): Promise<OfficeCalendar> {
  const busy = await busyTimes(app, officeId, range).catch((error: unknown) => {
    if (CalendarError.isInstance(error)) return undefined
    throw error
  })
  const account = await app.calendar.account(officeId).catch((error: unknown) => {
    if (CalendarError.isInstance(error) && error.code === 'not_connected') return undefined
    throw error
  })
  return { account, busy }
}

/**
 * When an office's calendar is taken.
 *
 * @returns `undefined` when it does not show its times to this app
 */
export async function busyTimes(
  { calendar }: App,
  officeId: string,
  range: Range,
): Promise<readonly BusyTime[] | undefined> {
  try {
    const [primary] = await calendar.freeBusy(officeId, range, { timeoutMs: 5_000 })
    return primary?.busy
  } catch (error) {
    if (CalendarError.isInstance(error) && error.code === 'forbidden') return undefined
    throw error
  }
}

/** Where a person allows the app into a calendar, which becomes the office's. */
export async function calendarConsentUrl({ calendar }: App, staff: Staff): Promise<string> {
  const state = `${randomUUID()}${randomUUID()}`
  const { office_id: reference, email: loginHint } = staff
  return await calendar.authorizeUrl({ reference, state, loginHint, scopes: SCOPES })
}

/** Redeems the answer of Google's page. From now on the office's calendar is looked at, from its beginning. */
export async function connectCalendar(
  { calendar, db, watches }: App,
  officeId: string,
  answer: Omit<ConsentAnswer, 'reference'>,
): Promise<void> {
  await calendar.exchange({ reference: officeId, ...answer })
  const row = { office_id: officeId, cursor: null }
  await db
    .insertInto('calendars')
    .values(row)
    .onConflict((conflict) => conflict.column('office_id').doUpdateSet(row))
    .execute()
  watches.begin(officeId)
}

/** Gives the consent back. The meetings stay in Google, and as they were known last. */
export async function disconnectCalendar({ calendar, db }: App, officeId: string): Promise<void> {
  await calendar.revoke(officeId)
  await db.deleteFrom('calendars').where('office_id', '=', officeId).execute()
}
