import type { GoogleService } from '../core/service.ts'
import { entry, type GoogleGrant, type StoredCalendar } from '../core/state.ts'
import { grantOfAccessToken } from '../oauth/grants.ts'
import { CalendarFailure } from './failure.ts'
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

/** Scopes that reach an account's primary calendar: not those for public or for the app's own ones. */
const elsewhere = new Set(['calendar.app.created', 'calendar.events.public.readonly'])

/**
 * The account's calendar: `primary`, or its email. There are no others.
 *
 * @throws CalendarFailure 404; 403 where every scope that the method takes is for other calendars
 */
export function findCalendar(
  service: GoogleService,
  grant: GoogleGrant,
  calendarId: string,
  method: string,
): StoredCalendar {
  if (calendarId !== 'primary' && calendarId !== grant.email) throw notFound()
  const reaching = (SCOPES[method] ?? []).filter((scope) => !elsewhere.has(scope))
  if (!hasScope(grant, reaching)) throw insufficient()
  return calendarOf(service, grant.email)
}

/** The primary calendar of an account, made when first looked at. */
export function calendarOf({ state, timeZone }: GoogleService, email: string): StoredCalendar {
  const existing = entry(state.calendars, email)
  if (existing) return existing
  const calendar: StoredCalendar = {
    email,
    timeZone,
    revision: 0,
    generation: 1,
    events: {},
    retired: {},
  }
  state.calendars[email] = calendar
  return calendar
}

export function notFound(): CalendarFailure {
  return new CalendarFailure(404, 'notFound', 'Not Found')
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
