import type { calendar_v3 } from '@googleapis/calendar'

import { calendarId, clientFor, meeting, type OpenCalendar, openCalendar } from './fixture.ts'

type Client = calendar_v3.Calendar
type Event = calendar_v3.Schema$Event

export const taro = 'taro@example.com'
export const jiro = 'jiro@example.com'
export const id = 'meeting1'
export const place: { calendarId: string; eventId: string } = { calendarId, eventId: id }

/** An event with guests, as its organizer and they have it. */
export interface Stage extends AsyncDisposable {
  readonly server: OpenCalendar['server']
  /** The organizer, and two guests. */
  readonly organizer: Client
  readonly guest: Client
  readonly other: Client
}

export async function stage(event: Event = {}): Promise<Stage> {
  const { server, client: organizer } = await openCalendar({ now: () => Date.UTC(2026, 2, 1) })
  const guest = await clientFor(server, taro)
  const other = await clientFor(server, jiro)
  const attendees = [{ email: taro }, { email: jiro.toUpperCase() }, { email: 'out@example.net' }]
  const requestBody = { ...meeting(10), id, attendees, ...event }
  await organizer.events.insert({ calendarId, requestBody })
  return { server, organizer, guest, other, [Symbol.asyncDispose]: () => server.close() }
}

export const read = async (client: Client, eventId: string = id): Promise<Event> =>
  (await client.events.get({ calendarId, eventId })).data

export const change = async (
  client: Client,
  requestBody: Event,
  eventId: string = id,
): Promise<Event> => (await client.events.patch({ calendarId, eventId, requestBody })).data

export const answers = ({ attendees = [] }: Event): [email: string | undefined, said: unknown][] =>
  attendees.map(({ email, responseStatus }) => [email?.toLowerCase(), responseStatus])

/** A whole list with another answer for one. */
export const answering = (
  { attendees = [] }: Event,
  of: string,
  responseStatus: string,
): Event => ({
  attendees: attendees.map((each) =>
    each.email?.toLowerCase() === of ? { ...each, responseStatus } : each,
  ),
})
