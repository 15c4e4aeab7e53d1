import type { IoOptions } from '@yuzuru/concurrency'
import type { CalendarEvent } from './calendar-event.ts'
import type { CreatedEvent, NewEvent } from './create-event.ts'
import type { MovedEvent } from './event-calls.ts'
import type { InstancesQuery, ListQuery } from './event-lists.ts'
import type { EventPlace, EventVersion } from './event-place.ts'
import type { EventResponse } from './respond.ts'
import type { UpdatedEvent } from './update-event.ts'

/**
 * What is done with the events of an account's calendars. The least scope of what changes something is
 * `calendar.events.owned`, or `calendar.events` for calendars of others; of what only reads, the same with
 * `.readonly`. `calendar.app.created` suffices for all but `move` in a calendar that `calendars.create` made.
 */
export interface CalendarEvents {
  /**
   * Creates an event. Its id is made from `idempotencyKey` (or given, or random), so a repeat with the same
   * key or id never makes a second event: it reads the existing one and returns it with `created: false`. What was
   * asked for is kept as a digest in a private property of the event, so that a key or id that is used again for
   * something else is noticed; what persons have changed since does not count. Where somebody else made the event
   * of an `id`, its texts, times and guests are compared as they stand.
   *
   * Not within a database transaction: enqueue a job there, and create the event in the job.
   *
   * @throws {CalendarError} `idempotency_conflict`, with the event as `current`, when the event of that key or id
   *   was created with other content; `already_exists` when it was deleted, unless `ifDeleted` says otherwise;
   *   `not_connected`, `reconnect_required`, `forbidden`, `rate_limited` …
   * @example
   * const { event, created } = await calendar.events.create(staffId, {
   *   idempotencyKey: `meeting:${planId}`, summary: '支援会議', start, end,
   *   timeZone: 'Asia/Tokyo', recurrence: ['RRULE:FREQ=MONTHLY;COUNT=6'], meet: true,
   * })
   */
  create(reference: string, event: NewEvent, options?: IoOptions): Promise<CreatedEvent>
  /**
   * Reads an event. A deleted one may still be there, as `status: 'cancelled'`.
   *
   * @throws {CalendarError} `not_found`, `not_connected` …
   */
  get(reference: string, event: EventPlace, options?: IoOptions): Promise<CalendarEvent>
  /**
   * Changes the fields that are given and leaves the rest. Pass the `etag` that you have read, so that no
   * other change is overwritten. With the id of an occurrence (of `instances`) it changes that one alone.
   *
   * @throws {CalendarError} `conflict`, with the event as it stands as `current`, when it has another `etag` by
   *   now; `not_found`
   * @example
   * const { id, etag } = await calendar.events.get(staffId, { id: planId })
   * await calendar.events.update(staffId, {
   *   id, etag, location: '会議室', attendees: { add: ['taro@example.com'] },
   * })
   */
  update(reference: string, event: UpdatedEvent, options?: IoOptions): Promise<CalendarEvent>
  /**
   * Moves an event, a series with all its occurrences, into another calendar of the account. It keeps its id;
   * where it was it is deleted. Scopes: `calendar.events.owned`, `calendar.events` or `calendar`.
   *
   * @throws {CalendarError} `conflict`, with the event as it stands as `current`, when it has another `etag` by
   *   now; `not_found`; `invalid_request` for a single occurrence; `already_exists` where the other calendar has
   *   the id
   */
  move(reference: string, event: MovedEvent, options?: IoOptions): Promise<CalendarEvent>
  /**
   * Deletes an event, or one occurrence of a series by its own id. `deleted` is false when it was gone already,
   * perhaps by an earlier attempt of the same call whose answer was lost. Google answers alike for an event and for a
   * calendar that are not there: then the calendar is looked at, by one request more.
   *
   * @throws {CalendarError} `conflict`, with the event as it stands as `current`, when it has another `etag` by
   *   now; `not_found` for a calendar that is not there, or that the account does not see
   */
  delete(
    reference: string,
    event: EventVersion,
    options?: IoOptions,
  ): Promise<{ readonly deleted: boolean }>
  /**
   * Iterates over the events of a time range, fetching a page when it is needed; `options.timeoutMs` is for
   * each page. A loop that breaks leaves nothing open. To keep a copy up to date use `calendar.sync`.
   *
   * @throws {CalendarError} from the loop, when a page can't be read
   * @example
   * for await (const { summary, start } of calendar.events.list('staff-3', { from: new Date() })) {
   *   console.log(summary, start)
   * }
   */
  list(reference: string, query?: ListQuery, options?: IoOptions): AsyncIterable<CalendarEvent>
  /**
   * Iterates over the occurrences of a series, as they stand: those that were changed or moved with what
   * was changed, in the order of their starts.
   *
   * @throws {CalendarError} from the loop: `not_found`; `invalid_request` for an event that is no series
   * @example
   * const originalStart = new Date('2026-04-08T10:00:00+09:00')
   * for await (const { id } of calendar.events.instances(staffId, { id: seriesId, originalStart })) {
   *   await calendar.events.delete(staffId, { id })
   * }
   */
  instances(
    reference: string,
    query: InstancesQuery,
    options?: IoOptions,
  ): AsyncIterable<CalendarEvent>
  /**
   * Answers an invitation in the name of the account; the answers of the others stay. Saying the same again
   * changes nothing.
   *
   * @throws {CalendarError} `forbidden` when the account is no guest of the event; `conflict`, with the event as
   *   it stands as `current`, when it has another `etag` by now
   * @example
   * await calendar.events.respond(staffId, { id: planId, response: 'accepted' })
   */
  respond(reference: string, answer: EventResponse, options?: IoOptions): Promise<CalendarEvent>
}
