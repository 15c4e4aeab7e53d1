import { findCalendar } from '../api/access.ts'
import type { Call, Method } from '../api/method.ts'
import type { JsonObject } from '../../json.ts'
import { calendarOf } from '../api/access.ts'
import { CALENDAR, CALENDAR_LIST, CALENDAR_LIST_ENTRY } from './schema.ts'
import type { StoredCalendar } from '../core/state.ts'

const list = '/calendar/v3/users/me/calendarList'

export const calendarMethods: readonly Method[] = [
  {
    name: 'calendarList.list',
    verb: 'GET',
    path: list,
    parameters: {
      maxResults: 'missing',
      minAccessRole: 'missing',
      pageToken: 'missing',
      showDeleted: 'missing',
      showHidden: 'missing',
      showOwnOrganizationOnly: 'missing',
      syncToken: 'missing',
    },
    reply: CALENDAR_LIST,
    run: ({ service, grant }) => {
      const items = [listEntry(calendarOf(service, grant.email))]
      const etag = items[0]?.['etag'] ?? ''
      return Response.json({ kind: 'calendar#calendarList', etag, items })
    },
  },
  {
    name: 'calendarList.get',
    verb: 'GET',
    path: `${list}/:calendarId`,
    parameters: {},
    reply: CALENDAR_LIST_ENTRY,
    run: (call) => Response.json(listEntry(find(call, 'calendarList.get'))),
  },
  {
    name: 'calendars.get',
    verb: 'GET',
    path: '/calendar/v3/calendars/:calendarId',
    parameters: {},
    reply: CALENDAR,
    run: (call) => {
      const { email, timeZone } = find(call, 'calendars.get')
      const etag = `"c${email}"`
      return Response.json({ kind: 'calendar#calendar', etag, id: email, summary: email, timeZone })
    },
  },
]

function find({ service, grant, part }: Call, method: string): StoredCalendar {
  return findCalendar(service, grant, part('calendarId'), method)
}

function listEntry({ email, timeZone }: StoredCalendar): JsonObject {
  return {
    kind: 'calendar#calendarListEntry',
    etag: `"c${email}"`,
    id: email,
    summary: email,
    timeZone,
    accessRole: 'owner',
    primary: true,
    selected: true,
    defaultReminders: [],
  }
}
