import { isJsonObject, type JsonObject, textOf } from '../../json.ts'
import { findCalendar, listOf, notFound, touchEntry } from '../api/access.ts'
import { expectMatch } from '../api/condition.ts'
import { badParameter, CalendarFailure, invalid, notHere } from '../api/failure.ts'
import type { Call, Method } from '../api/method.ts'
import { pageOf } from '../api/page.ts'
import type { Parameters } from '../api/parameters.ts'
import { roleOf } from '../api/roles.ts'
import { openSync, sealSync } from '../api/sync.ts'
import type { Role } from '../core/role.ts'
import { entry, type StoredCalendar, type StoredRule } from '../core/state.ts'
import { ACL, ACL_RULE } from './schema.ts'

const path = '/calendar/v3/calendars/:calendarId/acl'
const one = `${path}/:ruleId`

/** Accepted, and nobody is mailed. */
const mails: Parameters = { sendNotifications: 'flag' }

export const ACL_LIST_PARAMETERS: Parameters = {
  maxResults: 'integer',
  pageToken: 'text',
  showDeleted: 'flag',
  syncToken: 'text',
}

/** `acl.*`: with whom a calendar is shared, and how far. */
export const aclMethods: readonly Method[] = [
  {
    name: 'acl.list',
    verb: 'GET',
    path,
    parameters: ACL_LIST_PARAMETERS,
    reply: ACL,
    run: (call) => Response.json(list(call, find(call, 'acl.list'))),
  },
  {
    name: 'acl.get',
    verb: 'GET',
    path: one,
    parameters: {},
    reply: ACL_RULE,
    run: (call) => {
      const calendar = find(call, 'acl.get')
      return reply(call.part('ruleId'), ruleOf(call, calendar))
    },
  },
  {
    name: 'acl.insert',
    verb: 'POST',
    path,
    parameters: mails,
    body: ACL_RULE,
    reply: ACL_RULE,
    run: (call) => {
      const calendar = find(call, 'acl.insert')
      const scope = isJsonObject(call.body['scope']) ? call.body['scope'] : {}
      const id = ruleIdOf(textOf(scope['type']), textOf(scope['value']))
      return reply(id, put(call, calendar, id, call.body['role']))
    },
  },
  {
    name: 'acl.patch',
    verb: 'PATCH',
    path: one,
    parameters: mails,
    body: ACL_RULE,
    reply: ACL_RULE,
    run: (call) => {
      const calendar = find(call, 'acl.patch')
      const rule = ruleOf(call, calendar)
      return reply(
        call.part('ruleId'),
        put(call, calendar, call.part('ruleId'), call.body['role'] ?? rule.role),
      )
    },
  },
  {
    name: 'acl.update',
    verb: 'PUT',
    path: one,
    parameters: mails,
    body: ACL_RULE,
    reply: ACL_RULE,
    run: (call) => {
      const calendar = find(call, 'acl.update')
      ruleOf(call, calendar)
      return reply(call.part('ruleId'), put(call, calendar, call.part('ruleId'), call.body['role']))
    },
  },
  {
    name: 'acl.delete',
    verb: 'DELETE',
    path: one,
    parameters: {},
    run: (call) => {
      const calendar = find(call, 'acl.delete')
      ruleOf(call, calendar)
      put(call, calendar, call.part('ruleId'), 'none')
      return new Response(null, { status: 204 })
    },
  },
]

function find({ service, grant, part }: Call, method: string): StoredCalendar {
  return findCalendar(service, grant, part('calendarId'), method)
}

/** @throws CalendarFailure 404 for a rule that there is not; 412 where `If-Match` does not agree */
function ruleOf({ part, request }: Call, { acl }: StoredCalendar): StoredRule {
  const rule = entry(acl.rules, part('ruleId'))
  if (!rule || rule.role === 'none') throw notFound()
  expectMatch(request, etagOf(rule))
  return rule
}

/** `user:hana@example.com`, `domain:example.com`, or `default` for everybody. */
function ruleIdOf(type: string, value: string): string {
  if (type === '') throw new CalendarFailure(400, 'required', 'Missing scope type.')
  if (type === 'default') return 'default'
  if (type === 'group') throw notHere('groups')
  if (value === '') throw new CalendarFailure(400, 'required', 'Missing scope value.')
  const isOne = type === 'user' ? /^[^\s@]+@[^\s@]+$/.test(value) : !/[\s@]/.test(value)
  if (!isOne) throw invalid('Invalid scope value.')
  return `${type}:${value.toLowerCase()}`
}

function put(
  { service, grant }: Call,
  calendar: StoredCalendar,
  id: string,
  role: unknown,
): StoredRule {
  if (typeof role !== 'string') throw new CalendarFailure(400, 'required', 'Missing role.')
  const isOwn = [calendar.owner, grant.email].some((each) => id === `user:${each.toLowerCase()}`)
  if (isOwn) {
    const message = 'Cannot change your own access level.'
    throw new CalendarFailure(403, 'cannotChangeOwnAcl', message)
  }
  if (id === 'default' && !['none', 'freeBusyReader', 'reader'].includes(role)) {
    throw invalid('Invalid role for a public scope.')
  }
  const { acl } = calendar
  acl.revision += 1
  const order = entry(acl.rules, id)?.order ?? acl.revision
  const rule: StoredRule = { order, revision: acl.revision, role: role as Role }
  acl.rules[id] = rule
  // Who may see it no more has it no more in the list.
  for (const account of Object.keys(service.state.lists)) {
    const shown = entry(listOf(service, account).entries, calendar.id)
    if (!shown || shown.deleted) continue
    const isGone = roleOf(calendar, account) === 'none'
    touchEntry(service, account, calendar, isGone ? { deleted: true } : {})
  }
  return rule
}

function list({ service, query }: Call, { id: calendarId, acl }: StoredCalendar): JsonObject {
  const synced = { ...acl, id: `${calendarId} acl` }
  const syncToken = query.text('syncToken')
  if (syncToken !== undefined && query.text('showDeleted') === 'false') {
    throw badParameter('showDeleted', 'Sync token cannot be used without deleted rules.')
  }
  const since = syncToken === undefined ? 0 : openSync(service, synced, syncToken).revision
  const showsDeleted = syncToken !== undefined || query.flag('showDeleted')
  const entries = Object.entries(acl.rules)
    .filter(([, { role, revision }]) => revision > since && (showsDeleted || role !== 'none'))
    .map(([id, rule]) => ({ id, key: rule.order, render: () => render(id, rule) }))
  const { items, nextPageToken, snapshot } = pageOf(service, synced, entries, {
    maxResults: limit(query.integer('maxResults')),
    pageToken: query.text('pageToken'),
    fingerprint: `acl ${query.fingerprint(['pageToken', 'maxResults', 'fields', 'prettyPrint'])}`,
  })
  const head = { kind: 'calendar#acl', etag: `"p${acl.revision}"`, items }
  if (nextPageToken !== undefined) return { ...head, nextPageToken }
  return { ...head, nextSyncToken: sealSync(service, synced, snapshot, '') }
}

/** 100 by default, 250 at the most. */
function limit(given = 100): number {
  if (given < 1) throw badParameter('maxResults', 'Invalid value.', 'invalidParameter')
  return Math.min(given, 250)
}

function reply(id: string, rule: StoredRule): Response {
  return Response.json(render(id, rule), { headers: { etag: etagOf(rule) } })
}

function render(id: string, rule: StoredRule): JsonObject {
  const [type = '', value] = id.split(/:(.*)/s)
  const scope = value === undefined ? { type } : { type, value }
  return { kind: 'calendar#aclRule', etag: etagOf(rule), id, scope, role: rule.role }
}

function etagOf({ revision }: StoredRule): string {
  return `"${5_000_000_000_000_000 + revision}"`
}
