import assert from 'node:assert/strict'
import type { calendar_v3 } from '@googleapis/calendar'
import type { Fixture } from '@yuzuru/concurrency/testing'
import type { Calendar } from '../calendar.ts'
import { CalendarError } from '../calendar-error.ts'
import type { NewEvent } from '../events/create-event.ts'
import type { ConsentGiven } from './fake-calendar.ts'

/** A calendar to be tried, and the Google behind it. */
export interface CalendarFixture extends Fixture {
  readonly calendar: Calendar
  /** The person opens the URL and allows `scopes`, or all that was asked for. */
  allow(
    url: string,
    email: string,
    scopes?: readonly string[],
  ): ConsentGiven | Promise<ConsentGiven>
  /** All events of an account, deleted ones too, as Google has them. */
  eventsOf(
    email: string,
  ): readonly calendar_v3.Schema$Event[] | Promise<readonly calendar_v3.Schema$Event[]>
  /** Makes every access token that was issued invalid. */
  expireAccessTokens(): void | Promise<void>
  /** Withdraws the consent of an account, as its owner can at Google. */
  revokeAccess(email: string): void | Promise<void>
  /** Makes the sync tokens of an account invalid: the next sync is answered with 410. */
  invalidateSyncTokens(email: string): void | Promise<void>
  /** How many requests of this method had this path. */
  requestCount(method: string, path: string): number
  /** The next `times` requests with this in their line have their effect, and no answer. */
  dropReply(line: string, times: number): void
}

/** What a case needs of its calendar: `retry: false` where the transport is to repeat nothing. */
export interface CalendarFixtureOptions {
  readonly retry?: false | undefined
}

export const EVENTS_PATH = '/calendar/v3/calendars/primary/events'

/** One hour on the day of April 2026, Japanese time. */
export function meeting(day: number): NewEvent & { readonly start: Date; readonly end: Date } {
  const date = `2026-04-${String(day).padStart(2, '0')}`
  return {
    summary: `支援会議 ${day}`,
    start: new Date(`${date}T10:00:00+09:00`),
    end: new Date(`${date}T11:00:00+09:00`),
    timeZone: 'Asia/Tokyo',
  }
}

/** Connects an account, consent and all. */
export async function connect(
  fixture: CalendarFixture,
  reference: string,
  email: string,
  scopes?: readonly string[],
): Promise<void> {
  const { calendar } = fixture
  const url = await calendar.authorizeUrl({ reference, loginHint: email, scopes })
  await calendar.exchange({ reference, ...(await fixture.allow(url, email)) })
}

/** The error of a call that has to fail with it. */
export async function failure(call: Promise<unknown>): Promise<CalendarError> {
  const error = await call.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert(CalendarError.isInstance(error), `Expected a CalendarError, got ${String(error)}`)
  return error
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const each of source) all.push(each)
  return all
}
