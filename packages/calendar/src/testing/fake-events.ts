import type { calendar_v3 } from '@googleapis/calendar'
import { FakeRefusal } from './fake-refusal.ts'
import { merged } from './fake-merge.ts'
import { expectSeries, horizonOf, isSeries, momentOf, occurrencesOf } from './fake-series.ts'

/** An event as the fake keeps it. */
export type NativeEvent = calendar_v3.Schema$Event & { id: string; etag: string }

/** An event, and when it changed last. */
export interface Row {
  readonly order: number
  readonly revision: number
  readonly event: NativeEvent
}

/** The events of one calendar of the fake Google. */
export class FakeEvents {
  readonly id: string
  /** The account that the calendar belongs to. */
  readonly owner: string
  readonly #rows = new Map<string, Row>()
  revision = 0
  generation = 1

  constructor(id: string, owner: string) {
    this.id = id
    this.owner = owner
  }

  get rows(): readonly Row[] {
    return [...this.#rows.values()]
  }

  /** As they stand, deleted ones too. */
  get all(): readonly NativeEvent[] {
    return this.rows.map(({ event }) => structuredClone(event))
  }

  /** An event as it stands, if there is one. */
  peek(id: string): NativeEvent | undefined {
    return this.#rows.has(id) || this.#occurrence(id) ? this.get(id) : undefined
  }

  /** Puts an event in place as it is, in another calendar's name say. */
  put(event: NativeEvent): NativeEvent {
    const before = this.peek(event.id)
    const stored = this.#store(this.#rows.get(event.id)?.order ?? this.revision + 1, event)
    if (before !== undefined) this.#retire(before, stored)
    return stored
  }

  insert(body: calendar_v3.Schema$Event): NativeEvent {
    const { id = `fake${String(this.revision).padStart(6, '0')}` } = body
    if (id === null || !/^[a-v0-9]{5,1024}$/.test(id)) throw FakeRefusal.ofCalendar(400, 'invalid')
    // Also where it was deleted: Google keeps the id taken.
    if (this.#rows.has(id)) throw FakeRefusal.ofCalendar(409, 'duplicate')
    const organizer = { email: this.id, self: true }
    const event = { kind: 'calendar#event', status: 'confirmed', organizer, ...body, id, etag: '' }
    return this.#store(this.revision + 1, event)
  }

  get(id: string): NativeEvent {
    const row = this.#find(id)
    return {
      ...row.event,
      status: this.#isGone(row) ? 'cancelled' : (row.event.status ?? 'confirmed'),
    }
  }

  patch(id: string, etag: string | undefined, body: calendar_v3.Schema$Event): NativeEvent {
    const { id: _, etag: __, ...changes } = body
    // A deleted event comes back by its status.
    const isBack = changes.status === 'confirmed' || changes.status === 'tentative'
    const { order, event } = this.#findLive(id, etag, isBack)
    const stored = this.#store(order, merged(event, changes) as NativeEvent)
    this.#retire(event, stored)
    return stored
  }

  /** Leaves nothing of what the event said, but for what Google sets. */
  replace(id: string, etag: string | undefined, body: calendar_v3.Schema$Event): NativeEvent {
    const { id: _, etag: __, status = 'confirmed', ...content } = body
    const { order, event } = this.#findLive(id, etag, status !== 'cancelled')
    const { kind, organizer, recurringEventId, originalStartTime } = event
    const place = recurringEventId === undefined ? {} : { recurringEventId, originalStartTime }
    const stored = this.#store(order, {
      kind,
      organizer,
      ...place,
      ...merged({}, content),
      status,
      id,
      etag: '',
    } as NativeEvent)
    this.#retire(event, stored)
    return stored
  }

  delete(id: string, etag: string | undefined): void {
    const { order, event } = this.#findLive(id, etag)
    this.#store(order, { ...event, status: 'cancelled' })
  }

  /** Takes an event out, with the occurrences of its series that were changed. */
  moveTo(other: FakeEvents, id: string, etag: string | undefined): NativeEvent {
    const { event } = this.#findLive(id, etag)
    if (event.recurringEventId) {
      throw FakeRefusal.ofCalendar(400, 'cannotChangeOrganizerOfInstance')
    }
    if (other.#rows.has(id)) throw FakeRefusal.ofCalendar(409, 'duplicate')
    const all = this.rows.filter(
      ({ event: each }) => each.id === id || each.recurringEventId === id,
    )
    for (const { order, event: each } of all) {
      const organizer = { email: other.id, self: true }
      other.#store(other.revision + 1, { ...each, organizer })
      this.#store(order, { ...each, status: 'cancelled' })
    }
    return other.get(id)
  }

  /** A row, with those of its series' occurrences that begin before `until`, as they stand. */
  single({ order, event, revision }: Row, until: number): Row[] {
    if (!isSeries(event)) return [{ order, event, revision }]
    return occurrencesOf(event, horizonOf(event, until)).map((occurrence) => {
      return this.#rows.get(occurrence.id) ?? { order, revision, event: occurrence }
    })
  }

  /** Whether it is deleted, by itself or with its series. */
  isCancelled(row: Row): boolean {
    return this.#isGone(row)
  }

  /**
   * After a series changed: what its rule no longer has is cancelled. When it came back from being deleted, so do
   * the occurrences that had been changed, which clients dropped with it.
   */
  #retire(before: NativeEvent, after: NativeEvent): void {
    const isBack = before.status === 'cancelled' && after.status !== 'cancelled'
    if (!isBack && !isSeries(before) && !isSeries(after)) return
    const left = new Set(
      this.single({ order: 0, revision: 0, event: after }, 0).map(({ event }) => event.id),
    )
    for (const { order, event } of this.rows) {
      if (event.recurringEventId !== after.id) continue
      if (!left.has(event.id)) this.#store(order, { ...event, status: 'cancelled' })
      else if (before.status === 'cancelled') this.#store(order, event)
    }
  }

  #isGone({ event }: Row): boolean {
    const series = this.#rows.get(event.recurringEventId ?? '')
    return event.status === 'cancelled' || series?.event.status === 'cancelled'
  }

  #find(id: string): Row {
    const row = this.#rows.get(id) ?? this.#occurrence(id)
    if (row === undefined) throw FakeRefusal.ofCalendar(404, 'notFound')
    return row
  }

  #occurrence(id: string): Row | undefined {
    const series = this.#rows.get(id.replace(/_\d{8}(?:T\d{6}Z)?$/, ''))
    if (series === undefined || !isSeries(series.event)) return undefined
    const found = this.single(series, 0).find(({ event }) => event.id === id)
    return found
  }

  #findLive(id: string, etag: string | undefined, isBack = false): Row {
    const row = this.#find(id)
    if (etag !== undefined && etag !== row.event.etag) {
      throw FakeRefusal.ofCalendar(412, 'conditionNotMet')
    }
    if (this.#isGone(row) && !isBack) throw FakeRefusal.ofCalendar(410, 'deleted')
    return row
  }

  #store(order: number, content: NativeEvent): NativeEvent {
    const event = this.#checked(content)
    const revision = (this.revision += 1)
    const stored = { ...event, etag: `"${revision}"`, updated: new Date().toISOString() }
    this.#rows.set(event.id, { order, revision, event: stored })
    return stored
  }

  #checked(content: NativeEvent): NativeEvent {
    const { start, end, reminders, attendees = [] } = content
    for (const time of [start, end]) {
      if (!time?.date && !time?.dateTime) throw FakeRefusal.ofCalendar(400, 'required')
    }
    if (momentOf(end) < momentOf(start)) throw FakeRefusal.ofCalendar(400, 'timeRangeEmpty')
    if (reminders?.useDefault === true && (reminders.overrides ?? []).length > 0) {
      throw FakeRefusal.ofCalendar(400, 'cannotUseDefaultRemindersAndSpecifyOverride')
    }
    const { recurrence, ...others } = content
    if (isSeries(content)) expectSeries(content)
    const guests = attendees.map((guest) => {
      const said: typeof guest = Object.assign({ responseStatus: 'needsAction' }, guest)
      // Whose copy it is, this calendar says.
      if (guest.email?.toLowerCase() === this.owner.toLowerCase()) said.self = true
      else delete said.self
      return said
    })
    return {
      ...others,
      ...(isSeries(content) ? { recurrence: recurrence ?? [] } : {}),
      ...(guests.length > 0 ? { attendees: guests } : {}),
    }
  }
}
