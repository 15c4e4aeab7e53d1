import { randomUUID } from 'node:crypto'
import type { calendar_v3 } from '@googleapis/calendar'
import type { ScriptedAnswer, ScriptedRequest } from '@yuzuru/http/testing'
import { FakeChannels } from './fake-channels.ts'
import { spread } from './fake-copies.ts'
import { FakeEvents, type NativeEvent } from './fake-events.ts'
import { busyTimes, listEvents, listInstances } from './fake-lists.ts'
import { FakeOAuth } from './fake-oauth.ts'
import { FakeRefusal } from './fake-refusal.ts'
import { loadCounting } from './fake-series.ts'

/** The path of the events of a calendar, of one of them, and of what is done with it. */
const EVENTS = /^\/calendar\/v3\/calendars\/(?<of>[^/]+)\/events(?:\/(?<id>[^/]+)(?<verb>\/\w+)?)?$/

interface FakeCalendarEntry {
  readonly summary: string
  readonly description?: string
  readonly timeZone: string
  readonly events: FakeEvents
}

/** Google in memory: consents, tokens, and the calendars of each account. */
export class FakeGoogle {
  readonly oauth: FakeOAuth = new FakeOAuth('fake')
  readonly channels: FakeChannels = new FakeChannels()
  readonly #calendars = new Map<string, FakeCalendarEntry>()

  /** The calendar of an account, or another one by its id. */
  eventsOf(id: string): FakeEvents {
    return this.#calendars.get(id)?.events ?? this.#add(id, id, { summary: id }).events
  }

  /** From now on every sync token that an account was given is refused. */
  invalidateSyncTokens(email: string): void {
    for (const { events } of this.#ownedBy(email)) events.generation += 1
  }

  async answer(request: ScriptedRequest): Promise<ScriptedAnswer> {
    try {
      const body = request.body.toString()
      if (body.includes('"recurrence"')) await loadCounting()
      return this.#answer(request, body)
    } catch (error) {
      if (error instanceof FakeRefusal) return error.answer
      throw error
    }
  }

  #answer(request: ScriptedRequest, body: string): ScriptedAnswer {
    const { pathname, searchParams } = new URL(request.path, 'http://fake.invalid')
    if (pathname === '/token') return { json: this.oauth.token(new URLSearchParams(body)) }
    if (pathname === '/revoke') {
      this.oauth.revokeToken(new URLSearchParams(body).get('token'))
      return { json: {} }
    }
    const { email } = this.oauth.grantOf(request)
    this.eventsOf(email)
    const route = `${request.method} ${pathname.replace('/calendar/v3', '')}`
    if (route === 'GET /users/me/calendarList') return { json: this.#list(email) }
    if (route === 'POST /calendars') return { json: this.#create(email, body) }
    if (route === 'POST /channels/stop') {
      this.channels.stop(JSON.parse(body) as calendar_v3.Schema$Channel)
      return { status: 204 }
    }
    if (route === 'POST /freeBusy') return { json: this.#freeBusy(email, body) }
    return this.#onEvents(request, email, pathname, searchParams, body)
  }

  #onEvents(
    request: ScriptedRequest,
    email: string,
    pathname: string,
    query: URLSearchParams,
    body: string,
  ): ScriptedAnswer {
    const { of = '', id: part = '', verb = '' } = EVENTS.exec(pathname)?.groups ?? {}
    const events = this.#find(email, decodeURIComponent(of))
    const id = decodeURIComponent(part)
    const etag = request.headers['if-match']
    const given = (): calendar_v3.Schema$Event =>
      withMeet(JSON.parse(body) as calendar_v3.Schema$Event, query)
    switch (`${request.method}${id === '' ? '' : ` id${verb}`}`) {
      case 'GET':
        return { json: listEvents(events, query) }
      case 'POST':
        return { json: this.#spread(events, undefined, events.insert(given())) }
      case 'GET id':
        return { json: events.get(id) }
      case 'PATCH id':
        return { json: this.#spread(events, events.peek(id), events.patch(id, etag, given())) }
      case 'PUT id':
        return { json: this.#spread(events, events.peek(id), events.replace(id, etag, given())) }
      case 'DELETE id': {
        const before = events.peek(id)
        events.delete(id, etag)
        this.#spread(events, before, events.get(id))
        return { status: 204 }
      }
      case 'POST id': {
        if (id !== 'watch') throw FakeRefusal.ofCalendar(404, 'notFound')
        return { json: this.channels.open(events, JSON.parse(body) as calendar_v3.Schema$Channel) }
      }
      case 'GET id/instances':
        return { json: listInstances(events, id, query) }
      case 'POST id/move': {
        const to = this.#find(email, query.get('destination') ?? '')
        const before = events.peek(id)
        return { json: this.#spread(to, before, events.moveTo(to, id, etag)) }
      }
      default:
        throw FakeRefusal.ofCalendar(404, 'notFound')
    }
  }

  /** Brings a change to the calendars of the guests, and their answers back. */
  #spread(events: FakeEvents, before: NativeEvent | undefined, after: NativeEvent): NativeEvent {
    const find = (address: string): FakeEvents | undefined => {
      const account = this.oauth.accountOf(address)
      return account === undefined ? this.#calendars.get(address)?.events : this.eventsOf(account)
    }
    spread(find, events, before, after)
    return events.get(after.id)
  }

  #list(email: string): calendar_v3.Schema$CalendarList {
    const items = this.#ownedBy(email).map(({ events, summary, timeZone }) => {
      const entry = { id: events.id, summary, timeZone, accessRole: 'owner' }
      return Object.assign(entry, events.id === email ? { primary: true } : {})
    })
    return { items }
  }

  #create(email: string, body: string): calendar_v3.Schema$Calendar {
    const { summary, description, timeZone } = JSON.parse(body) as calendar_v3.Schema$Calendar
    if (!summary) throw FakeRefusal.ofCalendar(400, 'required')
    const id = `${randomUUID()}@group.calendar.google.com`
    const made = this.#add(id, email, {
      summary,
      ...(description ? { description } : {}),
      ...(timeZone ? { timeZone } : {}),
    })
    const { events: _, ...said } = made
    return { id, ...said }
  }

  #freeBusy(email: string, body: string): calendar_v3.Schema$FreeBusyResponse {
    const asked = JSON.parse(body) as calendar_v3.Schema$FreeBusyRequest
    const [from, to] = [Date.parse(asked.timeMin ?? ''), Date.parse(asked.timeMax ?? '')]
    const shown = (id: string): calendar_v3.Schema$FreeBusyCalendar => {
      try {
        return { busy: busyTimes(this.#find(email, id), from, to) }
      } catch {
        return { errors: [{ domain: 'global', reason: 'notFound' }], busy: [] }
      }
    }
    const ids = (asked.items ?? []).map(({ id }) => id ?? '')
    return { calendars: Object.fromEntries(ids.map((id) => [id, shown(id)])) }
  }

  #find(email: string, id: string): FakeEvents {
    const found = this.#calendars.get(id === 'primary' ? email : id)?.events
    if (found?.owner !== email) throw FakeRefusal.ofCalendar(404, 'notFound')
    return found
  }

  #ownedBy(email: string): FakeCalendarEntry[] {
    return [...this.#calendars.values()].filter(({ events }) => events.owner === email)
  }

  #add(
    id: string,
    owner: string,
    given: { readonly summary: string; readonly description?: string; readonly timeZone?: string },
  ): FakeCalendarEntry {
    const made = { timeZone: 'Asia/Tokyo', ...given, events: new FakeEvents(id, owner) }
    this.#calendars.set(id, made)
    return made
  }
}

/** A Meet is made for clients that say that they know of conferences; of others they are left out. */
function withMeet(
  { conferenceData, ...event }: calendar_v3.Schema$Event,
  query: URLSearchParams,
): calendar_v3.Schema$Event {
  if (conferenceData === undefined || query.get('conferenceDataVersion') !== '1') return event
  if (conferenceData === null) {
    return { ...event, conferenceData, hangoutLink: null }
  }
  const code = conferenceData.createRequest?.requestId?.slice(0, 10) ?? ''
  return { ...event, conferenceData, hangoutLink: `https://meet.google.com/${code}` }
}
