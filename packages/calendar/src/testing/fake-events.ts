import type { calendar_v3 } from '@googleapis/calendar'
import { FakeRefusal } from './fake-refusal.ts'

type NativeEvent = calendar_v3.Schema$Event & { id: string; etag: string }

interface Row {
  readonly order: number
  readonly revision: number
  readonly event: NativeEvent
}

/** The events of one calendar of the fake Google. */
export class FakeEvents {
  readonly #rows = new Map<string, Row>()
  readonly #email: string
  #revision = 0
  #generation = 1

  constructor(email: string) {
    this.#email = email
  }

  /** As they stand, deleted ones too. */
  get all(): readonly NativeEvent[] {
    return Array.from(this.#rows.values(), ({ event }) => structuredClone(event))
  }

  /** From now on every sync token that was given is refused. */
  invalidateSyncTokens(): void {
    this.#generation += 1
  }

  insert(body: calendar_v3.Schema$Event): NativeEvent {
    const { id = `fake${String(this.#revision).padStart(6, '0')}` } = body
    if (id === null || !/^[a-v0-9]{5,1024}$/.test(id)) throw FakeRefusal.ofCalendar(400, 'invalid')
    // Also where it was deleted: Google keeps the id taken.
    if (this.#rows.has(id)) throw FakeRefusal.ofCalendar(409, 'duplicate')
    const organizer = { email: this.#email, self: true }
    const event = { kind: 'calendar#event', status: 'confirmed', organizer, ...body, id, etag: '' }
    return this.#store(this.#revision + 1, event)
  }

  get(id: string): NativeEvent {
    return this.#find(id).event
  }

  patch(id: string, etag: string | undefined, body: calendar_v3.Schema$Event): NativeEvent {
    const { id: _, etag: __, ...changes } = body
    // A deleted event comes back by its status.
    const isBack = changes.status === 'confirmed' || changes.status === 'tentative'
    const { order, event } = this.#findLive(id, etag, isBack)
    return this.#store(order, merged(event, changes) as NativeEvent)
  }

  delete(id: string, etag: string | undefined): void {
    const { order, event } = this.#findLive(id, etag)
    this.#store(order, { ...event, status: 'cancelled' })
  }

  /** One page of `events.list`, with the token of the next page or, on the last one, of the next sync. */
  list(query: URLSearchParams): calendar_v3.Schema$Events {
    const sync = this.#openSync(query.get('syncToken'))
    const page = JSON.parse(query.get('pageToken') ?? 'null') as { key: number; at: number } | null
    const deleted = query.get('showDeleted') === 'true' || query.has('updatedMin')
    const limit = Number(query.get('maxResults') ?? 250)
    const keyOf = keyFor(query, sync !== undefined)
    const wanted = Array.from(this.#rows.values())
      .filter((row) => (sync === undefined ? isWanted(row, query, deleted) : row.revision > sync))
      .sort((a, b) => keyOf(a) - keyOf(b))
      .filter((row) => page === null || keyOf(row) > page.key)
    const rows = wanted.slice(0, limit)
    const items = rows.map(({ event }) => event)
    const at = page?.at ?? this.#revision
    const last = rows.at(-1)
    if (last !== undefined && wanted.length > rows.length) {
      return { items, nextPageToken: JSON.stringify({ key: keyOf(last), at }) }
    }
    if (query.has('orderBy') || query.has('updatedMin')) return { items }
    return { items, nextSyncToken: JSON.stringify([this.#email, this.#generation, at]) }
  }

  #openSync(token: string | null): number | undefined {
    if (token === null) return undefined
    let opened: unknown
    try {
      opened = JSON.parse(token)
    } catch {
      opened = undefined
    }
    const [email, generation, revision] = Array.isArray(opened) ? (opened as unknown[]) : []
    if (email === this.#email && generation === this.#generation) return Number(revision)
    throw FakeRefusal.ofCalendar(410, 'fullSyncRequired')
  }

  #find(id: string): Row {
    const row = this.#rows.get(id)
    if (row === undefined) throw FakeRefusal.ofCalendar(404, 'notFound')
    return row
  }

  #findLive(id: string, etag: string | undefined, isBack = false): Row {
    const row = this.#find(id)
    if (row.event.status === 'cancelled' && !isBack) throw FakeRefusal.ofCalendar(410, 'deleted')
    if (etag === undefined || etag === row.event.etag) return row
    throw FakeRefusal.ofCalendar(412, 'conditionNotMet')
  }

  #store(order: number, content: NativeEvent): NativeEvent {
    for (const time of [content.start, content.end]) {
      if (!time?.date && !time?.dateTime) throw FakeRefusal.ofCalendar(400, 'required')
    }
    const { useDefault, overrides } = content.reminders ?? {}
    if (useDefault === true && (overrides ?? []).length > 0) {
      throw FakeRefusal.ofCalendar(400, 'cannotUseDefaultRemindersAndSpecifyOverride')
    }
    const revision = (this.#revision += 1)
    const event = { ...content, etag: `"${revision}"`, updated: new Date().toISOString() }
    this.#rows.set(event.id, { order, revision, event })
    return event
  }
}

function keyFor(query: URLSearchParams, incremental: boolean): (row: Row) => number {
  if (incremental || query.has('updatedMin')) return ({ revision }) => revision
  if (query.get('orderBy') === 'startTime') return ({ event, order }) => start(event) + order / 1e6
  return ({ order }) => order
}

function isWanted({ event }: Row, query: URLSearchParams, deleted: boolean): boolean {
  if (event.status === 'cancelled' && !deleted) return false
  const momentOf = (name: string, otherwise: number): number =>
    query.has(name) ? Date.parse(query.get(name) ?? '') : otherwise
  return (
    moment(event.end) > momentOf('timeMin', -Infinity) &&
    moment(event.start) < momentOf('timeMax', Infinity) &&
    Date.parse(event.updated ?? '') >= momentOf('updatedMin', -Infinity)
  )
}

function start(event: NativeEvent): number {
  return moment(event.start)
}

function moment(time: calendar_v3.Schema$EventDateTime | undefined): number {
  return Date.parse(time?.dateTime ?? `${time?.date}T00:00:00Z`)
}

/** Fields one by one, `null` takes one off, lists are replaced. */
function merged(current: object, changes: object): object {
  const all: Record<string, unknown> = { ...current }
  for (const [name, value] of Object.entries(changes) as [string, unknown][]) {
    const old = all[name]
    if (value === null) delete all[name]
    else all[name] = isFields(old) && isFields(value) ? merged(old, value) : value
  }
  return all
}

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
