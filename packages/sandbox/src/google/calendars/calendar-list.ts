import type { JsonObject } from '../../json.ts'
import { calendarOf, findCalendar, listOf, notFound, touchEntry } from '../api/access.ts'
import { badParameter, invalid } from '../api/failure.ts'
import type { Call, Method } from '../api/method.ts'
import { pageOf } from '../api/page.ts'
import type { Parameters } from '../api/parameters.ts'
import { roleOf } from '../api/roles.ts'
import { openSync, sealSync } from '../api/sync.ts'
import { isAtLeast, type Role } from '../core/role.ts'
import { entry, type ListEntry, type StoredCalendar } from '../core/state.ts'
import { etagOf, renderEntry, renderGone } from './render.ts'
import { CALENDAR_LIST, CALENDAR_LIST_ENTRY } from './schema.ts'

const path = '/calendar/v3/users/me/calendarList'
const one = `${path}/:calendarId`
const colours: Parameters = { colorRgbFormat: 'flag' }

export const CALENDAR_LIST_PARAMETERS: Parameters = {
  maxResults: 'integer',
  minAccessRole: ['freeBusyReader', 'reader', 'writerWithoutPrivateAccess', 'writer', 'owner'],
  pageToken: 'text',
  showDeleted: 'flag',
  showHidden: 'flag',
  showOwnOrganizationOnly: 'missing',
  syncToken: 'text',
}

/** `calendarList.*`: what an account has set for itself of each calendar that it has in view. */
export const calendarListMethods: readonly Method[] = [
  {
    name: 'calendarList.list',
    verb: 'GET',
    path,
    parameters: CALENDAR_LIST_PARAMETERS,
    reply: CALENDAR_LIST,
    run: (call) => Response.json(list(call)),
  },
  {
    name: 'calendarList.get',
    verb: 'GET',
    path: one,
    parameters: {},
    reply: CALENDAR_LIST_ENTRY,
    run: (call) => reply(call, find(call, 'calendarList.get')),
  },
  {
    name: 'calendarList.insert',
    verb: 'POST',
    path,
    parameters: colours,
    body: CALENDAR_LIST_ENTRY,
    reply: CALENDAR_LIST_ENTRY,
    run: (call) => {
      const { id, ...own } = call.body
      if (typeof id !== 'string') throw invalid('Missing calendar id.')
      const calendar = findCalendar(call.service, call.grant, id, 'calendarList.insert')
      touchEntry(call.service, call.grant.email, calendar, {
        deleted: false,
        own: settings(call, {}, own),
      })
      return reply(call, calendar)
    },
  },
  {
    name: 'calendarList.patch',
    verb: 'PATCH',
    path: one,
    parameters: colours,
    body: CALENDAR_LIST_ENTRY,
    reply: CALENDAR_LIST_ENTRY,
    run: (call) => {
      const calendar = find(call, 'calendarList.patch')
      const { own } = entryOf(call, calendar)
      touchEntry(call.service, call.grant.email, calendar, { own: settings(call, own, call.body) })
      return reply(call, calendar)
    },
  },
  {
    name: 'calendarList.update',
    verb: 'PUT',
    path: one,
    parameters: colours,
    body: CALENDAR_LIST_ENTRY,
    reply: CALENDAR_LIST_ENTRY,
    run: (call) => {
      const calendar = find(call, 'calendarList.update')
      entryOf(call, calendar)
      touchEntry(call.service, call.grant.email, calendar, { own: settings(call, {}, call.body) })
      return reply(call, calendar)
    },
  },
  {
    name: 'calendarList.delete',
    verb: 'DELETE',
    path: one,
    parameters: {},
    run: (call) => {
      const calendar = find(call, 'calendarList.delete')
      entryOf(call, calendar)
      if (calendar.id === call.grant.email) throw invalid('Cannot remove primary calendar.')
      touchEntry(call.service, call.grant.email, calendar, { deleted: true })
      return new Response(null, { status: 204 })
    },
  },
]

function list({ service, grant, query }: Call): JsonObject {
  calendarOf(service, grant.email)
  const stored = listOf(service, grant.email)
  const syncToken = query.text('syncToken')
  if (syncToken !== undefined) {
    // Source: https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/list
    if (query.has('minAccessRole')) {
      throw badParameter('minAccessRole', 'Sync token cannot be used with minAccessRole.')
    }
    const hiding = ['showDeleted', 'showHidden'].find((name) => query.text(name) === 'false')
    if (hiding !== undefined)
      throw badParameter(hiding, `Sync token cannot be used without ${hiding}.`)
  }
  const since = syncToken === undefined ? 0 : openSync(service, stored, syncToken).revision
  const least = (query.text('minAccessRole') ?? 'none') as Role
  const roleIn = (id: string): Role => {
    const calendar = entry(service.state.calendars, id)
    return calendar ? roleOf(calendar, grant.email) : 'none'
  }
  const isSync = syncToken !== undefined
  const entries = Object.entries(stored.entries)
    .filter(([id, each]) => each.revision > since && isAtLeast(roleIn(id), least))
    .filter(([, each]) => isSync || query.flag('showDeleted') || !each.deleted)
    .filter(([, each]) => isSync || query.flag('showHidden') || each.own['hidden'] !== true)
    .map(([id, each]) => ({
      id,
      key: isSync ? each.revision : each.order,
      render: () => shown(id, each),
    }))
  const shown = (id: string, each: ListEntry): JsonObject => {
    const calendar = entry(service.state.calendars, id)
    return calendar && !each.deleted
      ? renderEntry(calendar, each, grant.email)
      : renderGone(id, each)
  }
  const { items, nextPageToken, snapshot } = pageOf(service, stored, entries, {
    maxResults: limit(query.integer('maxResults')),
    pageToken: query.text('pageToken'),
    fingerprint: `calendarList ${query.fingerprint(['pageToken', 'maxResults', 'fields', 'prettyPrint'])}`,
  })
  const reply = { kind: 'calendar#calendarList', etag: `"p${stored.revision}"`, items }
  if (nextPageToken !== undefined) return { ...reply, nextPageToken }
  if (query.has('minAccessRole')) return reply
  return { ...reply, nextSyncToken: sealSync(service, stored, snapshot, '') }
}

/** 100 by default, 250 at the most. */
function limit(given = 100): number {
  if (given < 1) throw badParameter('maxResults', 'Invalid value.', 'invalidParameter')
  return Math.min(given, 250)
}

function find({ service, grant, part }: Call, method: string): StoredCalendar {
  return findCalendar(service, grant, part('calendarId'), method)
}

/** What an account sets: a null unsets. Colours by RGB are kept of clients that say so. */
function settings({ query }: Call, before: JsonObject, given: JsonObject): JsonObject {
  const { id: _, backgroundColor, foregroundColor, ...others } = given
  const colours = {
    backgroundColor: backgroundColor ?? null,
    foregroundColor: foregroundColor ?? null,
  }
  const rgb = Object.entries(colours).filter(([, value]) => value !== null)
  const all = {
    ...before,
    ...others,
    ...(query.flag('colorRgbFormat') ? Object.fromEntries(rgb) : {}),
  }
  // Hidden is said when it is true only.
  const kept = Object.entries(all).filter(([name, value]) => {
    return value !== null && !(name === 'hidden' && value === false)
  })
  return Object.fromEntries(kept)
}

function reply(call: Call, calendar: StoredCalendar): Response {
  const found = entryOf(call, calendar)
  const headers = { etag: etagOf(found.revision) }
  return Response.json(renderEntry(calendar, found, call.grant.email), { headers })
}

/** @throws CalendarFailure 404 for a calendar that went from the list */
function entryOf({ service, grant }: Call, { id }: StoredCalendar): ListEntry {
  const found = entry(listOf(service, grant.email).entries, id)
  if (found && !found.deleted) return found
  throw notFound()
}
