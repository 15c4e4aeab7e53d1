import { randomBytes } from 'node:crypto'

import type { JsonObject } from '../../json.ts'
import type { GoogleService } from '../core/service.ts'
import { isAtLeast, type Role } from '../core/role.ts'
import { entry, type GoogleGrant, type StoredCalendar, type StoredList } from '../core/state.ts'
import { grantOfAccessToken } from '../oauth/grants.ts'
import { CalendarFailure } from './failure.ts'
import { LEAST_ROLES, roleOf } from './roles.ts'
import { SCOPE_PREFIX, SCOPES } from './scopes.ts'

/**
 * The grant behind a request.
 *
 * @throws CalendarFailure 401 for a missing, unknown, expired or revoked token
 */
export function authenticate(service: GoogleService, request: Request): GoogleGrant {
  const [scheme, token = ''] = (request.headers.get('authorization') ?? '').split(' ', 2)
  const grant = scheme?.toLowerCase() === 'bearer' ? grantOfAccessToken(service, token) : undefined
  if (grant) return grant
  throw new CalendarFailure(401, 'authError', 'Invalid Credentials', {
    location: 'Authorization',
    locationType: 'header',
  })
}

/** @throws CalendarFailure 403 unless the grant has one of the scopes of the method */
export function expectScope(grant: GoogleGrant, method: string): void {
  if (hasScope(grant, SCOPES[method] ?? [])) return
  throw insufficient()
}

/**
 * A calendar that the account may use: `primary`, or by its id.
 *
 * @throws CalendarFailure 404 for none, or one that is not shared with the account; 403 where no scope that the
 *   method takes reaches this one, or the account's role in it is not enough
 */
export function findCalendar(
  service: GoogleService,
  grant: GoogleGrant,
  calendarId: string,
  method: string,
): StoredCalendar {
  const primary = calendarOf(service, grant.email)
  const calendar = calendarId === 'primary' ? primary : entry(service.state.calendars, calendarId)
  const role = calendar ? roleOf(calendar, grant.email) : 'none'
  if (!calendar || role === 'none') throw notFound()
  const reaching = (SCOPES[method] ?? []).filter((scope) => reaches(scope, calendar, role))
  if (!hasScope(grant, reaching)) throw insufficient()
  expectRole(role, LEAST_ROLES[method] ?? 'freeBusyReader')
  return calendar
}

/** @throws CalendarFailure 403 for a role that is not enough */
export function expectRole(role: Role, least: Role): void {
  if (isAtLeast(role, least)) return
  const message = `You need to have ${least} access to this calendar.`
  throw new CalendarFailure(403, 'requiredAccessLevel', message)
}

/** The primary calendar of an account, made when first looked at. */
export function calendarOf(service: GoogleService, email: string): StoredCalendar {
  const existing = entry(service.state.calendars, email)
  return existing ?? addCalendar(service, email, email, { summary: email, byClient: false })
}

/** A calendar besides the primary one. */
export function addSecondary(
  service: GoogleService,
  owner: string,
  given: Pick<StoredCalendar, 'summary' | 'byClient'> & Partial<StoredCalendar>,
): StoredCalendar {
  calendarOf(service, owner)
  const id = `c_${randomBytes(32).toString('hex')}@group.calendar.google.com`
  return addCalendar(service, owner, id, given)
}

/** The calendars that an account has in view. */
export function listOf({ state }: GoogleService, email: string): StoredList {
  return (state.lists[email] ??= { id: email, revision: 0, generation: 1, entries: {} })
}

/** Notes a change of a calendar in the lists of all that have it. */
export function touchCalendar(
  service: GoogleService,
  calendar: StoredCalendar,
  change: ListChange = {},
): void {
  for (const { id, entries } of Object.values(service.state.lists)) {
    const shown = entry(entries, calendar.id)
    if (shown && !shown.deleted) touchEntry(service, id, calendar, change)
  }
}

export interface ListChange {
  readonly own?: JsonObject
  readonly deleted?: boolean
}

/** Notes a change of a calendar in an account's list, and puts it there where it was not. */
export function touchEntry(
  service: GoogleService,
  account: string,
  { id }: StoredCalendar,
  change: ListChange = {},
): void {
  const list = listOf(service, account)
  list.revision += 1
  const before = entry(list.entries, id)
  list.entries[id] = {
    order: before?.order ?? list.revision,
    revision: list.revision,
    deleted: change.deleted ?? before?.deleted ?? false,
    own: change.own ?? before?.own ?? {},
  }
}

export function notFound(): CalendarFailure {
  return new CalendarFailure(404, 'notFound', 'Not Found')
}

function addCalendar(
  service: GoogleService,
  owner: string,
  id: string,
  given: Pick<StoredCalendar, 'summary' | 'byClient'> & Partial<StoredCalendar>,
): StoredCalendar {
  const { timeZone } = service
  const rule = { order: 1, revision: 1, role: 'owner' as const }
  const acl = { revision: 1, generation: 1, rules: { [`user:${owner.toLowerCase()}`]: rule } }
  const empty = { revision: 0, generation: 1, events: {}, acl, retired: {} }
  const calendar: StoredCalendar = { timeZone, ...given, id, owner, ...empty }
  service.state.calendars[id] = calendar
  touchEntry(service, owner, calendar, { own: { selected: true } })
  return calendar
}

/**
 * Which calendars a scope is for. The scope of free and busy times shows of events no more than those times,
 * which the sandbox does not do: here it reaches none.
 */
function reaches(scope: string, { byClient }: StoredCalendar, role: Role): boolean {
  if (scope.startsWith('calendar.events.owned')) return role === 'owner'
  if (scope === 'calendar.app.created') return byClient
  return scope !== 'calendar.events.public.readonly' && scope !== 'calendar.events.freebusy'
}

function hasScope(grant: GoogleGrant, sufficient: readonly string[]): boolean {
  return grant.scopes.some((scope) => sufficient.includes(scope.replace(SCOPE_PREFIX, '')))
}

function insufficient(): CalendarFailure {
  return new CalendarFailure(
    403,
    'insufficientPermissions',
    'Request had insufficient authentication scopes.',
  )
}
